//! A simple document, written as Markdown and as one HTML page. Untrusted text is escaped in both.

use std::fmt::Write as _;

use crate::base::visible;

/// A block of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    Heading(String),
    Text(String),
    /// A name that the text refers to, such as `Work 1`, and lines of name and value.
    Exhibit(String, Vec<(&'static str, String)>),
}

/// A visible blank for something that is not known.
pub(super) fn blank(what: &str) -> String {
    format!("[to be filled in: {what}]")
}

/// The value, or a blank if it is empty.
pub(super) fn or_blank(value: &str, what: &str) -> String {
    if value.trim().is_empty() { blank(what) } else { value.to_owned() }
}

/// The document as Markdown.
pub(super) fn markdown(title: &str, blocks: &[Block]) -> String {
    let mut out = format!("# {}\n", plain(title));
    for block in blocks {
        // Writing to a string cannot fail.
        let _ = match block {
            Block::Heading(text) => write!(out, "\n## {}\n", plain(text)),
            Block::Text(text) => write!(out, "\n{}\n", plain(text)),
            Block::Exhibit(name, lines) => {
                let _ = write!(out, "\n### {}\n\n", plain(name));
                lines
                    .iter()
                    .try_for_each(|(name, value)| writeln!(out, "* {name}: {}", plain(value)))
            }
        };
    }
    out
}

/// Escapes text for Markdown: one line without markup.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '>' | '#' | '|' | '~' | '&' | '!' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    // Brackets are kept, so that blanks stay readable; only `](` and `]:` could make a link.
    out.replace("](", "]\\(").replace("]:", "]\\:")
}

const STYLE: &str = "body{font:12pt/1.5 Georgia,serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1d1f24;background:#fff}\
    h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}h3{font-size:1rem;margin-bottom:.3rem}\
    dl{display:grid;grid-template-columns:11rem minmax(0,1fr);gap:.1rem 1rem;margin:0}dt{color:#555}dd{margin:0;overflow-wrap:anywhere}\
    mark{background:#ffe9a8;color:inherit}.draft{border:2px solid #a3261f;color:#a3261f;padding:.4rem .8rem;font-weight:bold}\
    @media print{body{margin:0;max-width:none}h3,dl{break-inside:avoid}}";

/// The document as one HTML page without scripts.
pub(super) fn html(title: &str, blocks: &[Block]) -> String {
    let title = escaped(title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main><p class=\"draft\">DRAFT – not sent, not signed</p>\n<h1>{title}</h1>\n"
    );
    for block in blocks {
        let _ = match block {
            Block::Heading(text) => writeln!(out, "<h2>{}</h2>", escaped(text)),
            Block::Text(text) => writeln!(out, "<p>{}</p>", escaped(text)),
            Block::Exhibit(name, lines) => {
                let _ = writeln!(out, "<h3>{}</h3><dl>", escaped(name));
                for (name, value) in lines {
                    let _ = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", escaped(value));
                }
                writeln!(out, "</dl>")
            }
        };
    }
    out + "</main></body></html>\n"
}

/// Escapes text for HTML, and highlights the blanks.
fn escaped(text: &str) -> String {
    let text = visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    let mut parts = text.split("[to be filled in: ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (what, rest) = part.split_once(']').unwrap_or((part, ""));
        out += &format!("<mark>[to be filled in: {what}]</mark>{rest}");
    }
    out
}
