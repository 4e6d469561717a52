//! The XML of listings and errors. Nothing of it is believed: a listing whose keys are in no order, or not those that were asked
//! for, is refused.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

use crate::escape::decoded;
use crate::listing::Object;

/// Most levels of elements. A guess: answers have four.
const MAX_DEPTH: usize = 16;

/// One page of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Object>,
    /// Folders, if the listing was asked not to look into them; each ends with a slash.
    pub(crate) folders: Vec<String>,
    /// What the next page is asked for by; `None` on the last.
    pub(crate) next: Option<String>,
}

/// What an error says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) region: String,
}

/// Calls `leaf` with the path of names, from the outermost, and the text of every element at its end.
fn each_leaf(
    text: &[u8],
    leaf: &mut dyn FnMut(&[String], &str) -> Result<(), String>,
) -> Result<(), String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is no text".to_owned())?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut open, mut said): (Vec<String>, String) = (Vec::new(), String::new());
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    return Err(format!("its elements lie more than {MAX_DEPTH} deep"));
                }
                open.push(start.local_name().as_ref().to_owned());
                said.clear();
            }
            Event::End(_) => {
                leaf(&open, &said)?;
                open.pop();
                said.clear();
            }
            Event::Text(text) => said.push_str(&text.xml10_content()),
            Event::CData(text) => said.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => match resolve(&reference) {
                Some(text) => said.push_str(&text),
                None => return Err("it has an entity that is none of XML's own".into()),
            },
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err("it ends before its last element does".into()),
            _ => {}
        }
    }
}

fn resolve(reference: &BytesRef<'_>) -> Option<String> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character.to_string());
    }
    let text = match &**reference {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Reads a page of the keys that begin with `prefix` and sort behind `after`.
pub(crate) fn page(text: &[u8], prefix: &str, after: &str) -> Result<Page, String> {
    let (mut page, mut object) = (Page::default(), Object::default());
    let (mut is_encoded, mut is_truncated, mut is_listing) = (false, false, false);
    let mut keys: Vec<String> = Vec::new();
    each_leaf(text, &mut |path, text| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path[..] {
            ["ListBucketResult"] => is_listing = true,
            ["ListBucketResult", "EncodingType"] => is_encoded = text == "url",
            ["ListBucketResult", "IsTruncated"] => is_truncated = text == "true",
            ["ListBucketResult", "NextContinuationToken"] => page.next = Some(text.to_owned()),
            ["ListBucketResult", "CommonPrefixes", "Prefix"] => page.folders.push(text.to_owned()),
            ["ListBucketResult", "Contents"] => page.objects.push(std::mem::take(&mut object)),
            ["ListBucketResult", "Contents", name] => match name {
                "Key" => keys.push(text.to_owned()),
                "Size" => {
                    object.size = text.parse().map_err(|_| format!("a size is {text:?}"))?;
                }
                "ETag" => text.trim_matches('"').clone_into(&mut object.etag),
                "LastModified" => {
                    let time = chrono::DateTime::parse_from_rfc3339(text);
                    object.modified = time.map_err(|_| format!("a time is {text:?}"))?.timestamp();
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    })?;
    if !is_listing || keys.len() != page.objects.len() {
        return Err("it is no listing".into());
    }
    for (object, key) in page.objects.iter_mut().zip(keys) {
        object.key = key;
    }
    if is_encoded {
        let decode = |text: &mut String| {
            *text = decoded(text).ok_or_else(|| format!("a key is {text:?}"))?;
            Ok::<_, String>(())
        };
        page.objects.iter_mut().try_for_each(|object| decode(&mut object.key))?;
        page.folders.iter_mut().try_for_each(decode)?;
    }
    if !is_truncated {
        page.next = None;
    } else if page.next.as_ref().is_none_or(String::is_empty) {
        return Err("it goes on, and does not say where".into());
    }
    let mut before = after;
    for object in &page.objects {
        if !object.key.starts_with(prefix) {
            return Err(format!("it has a key that was not asked for, {:?}", object.key));
        }
        if !before.is_empty() && *before >= *object.key {
            return Err(format!("its keys are in no order: {:?} behind {before:?}", object.key));
        }
        before = &object.key;
    }
    Ok(page)
}

/// What an error answer says; nothing if it is no error of S3.
pub(crate) fn said(text: &[u8]) -> Said {
    let mut said = Said::default();
    // What was read before something odd counts.
    let _ = each_leaf(text, &mut |path, text| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path[..] {
            ["Error", "Code"] => text.clone_into(&mut said.code),
            ["Error", "Message"] => text.clone_into(&mut said.message),
            ["Error", "Region"] => text.clone_into(&mut said.region),
            _ => {}
        }
        Ok(())
    });
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(contents: &str, rest: &str) -> Vec<u8> {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>b</Name><Prefix></Prefix>{rest}{contents}</ListBucketResult>"
        )
        .into_bytes()
    }

    fn contents(key: &str) -> String {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>\
             <ETag>&quot;abc&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )
    }

    #[test]
    fn a_page_has_its_keys_decoded_and_says_where_the_next_begins() {
        let rest = "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
                    <NextContinuationToken>t&amp;1</NextContinuationToken>";
        let text = listing(&(contents("a%0Ab") + &contents("b+c")), rest);
        let page = page(&text, "", "").unwrap();
        let keys: Vec<&str> = page.objects.iter().map(|object| object.key.as_str()).collect();
        assert_eq!(keys, ["a\nb", "b c"]);
        assert_eq!(page.next.as_deref(), Some("t&1"));
        let object = &page.objects[0];
        assert_eq!((object.size, object.etag.as_str()), (7, "abc"));
        assert_eq!(object.modified, 1_767_323_045);
    }

    #[test]
    fn a_listing_that_is_not_what_was_asked_for_is_refused() {
        let told = |text: &[u8]| page(text, "a", "").unwrap_err();
        assert!(told(&listing(&(contents("ab") + &contents("aa")), "")).contains("no order"));
        assert!(told(&listing(&(contents("ab") + &contents("ab")), "")).contains("no order"));
        assert!(told(&listing(&contents("b"), "")).contains("not asked for"));
        assert!(told(&listing("", "<IsTruncated>true</IsTruncated>")).contains("where"));
        assert!(told(b"<html></html>").contains("no listing"));
        assert!(told(b"<ListBucketResult><Contents>").contains("ends"));
        assert!(told(&listing("<Contents></Contents>", "")).contains("no listing"));
        assert!(page(&listing(&contents("ab"), ""), "a", "ab").is_err());
    }

    #[test]
    fn an_error_says_its_code_and_anything_else_says_nothing() {
        let text =
            b"<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Reduce</Message></Error>";
        assert_eq!(said(text).code, "SlowDown");
        assert_eq!(said(b"<html>502</html>"), Said::default());
        assert_eq!(said(b"\xff"), Said::default());
    }
}
