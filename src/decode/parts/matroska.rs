//! Matroska: elements in elements. Clusters behind damage are read with the tracks at the front.

use super::view::View;
use super::{Depth, Part, Parts, Patch};
use crate::decode::ebml;

/// A void element with a length of eight bytes.
const VOID_HEAD_BYTES: u64 = 9;
const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const EBML_MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];
const CLUSTER_MAGIC: [u8; 4] = [0x1f, 0x43, 0xb6, 0x75];
/// Children of a segment: seek head, info, tracks, cues, attachments, chapters, tags, void, checksum.
const IN_SEGMENT: [u32; 9] = [
    0x114d_9b74,
    0x1549_a966,
    0x1654_ae6b,
    0x1c53_bb6b,
    0x1941_a469,
    0x1043_a770,
    0x1254_c367,
    0xec,
    0xbf,
];
/// Children of a cluster: timestamp, blocks of three kinds, previous size, position, silent tracks, void, checksum.
const IN_CLUSTER: [u32; 9] = [0xe7, 0xa3, 0xa0, 0xaf, 0xab, 0xa7, 0x5854, 0xec, 0xbf];

/// An element's id, where its content begins, and its length if it is known.
#[derive(Debug, Clone, Copy)]
struct Element {
    id: u32,
    content: u64,
    bytes: Option<u64>,
}

/// Walks the elements from `at` on.
pub(super) fn walk(view: &mut View<'_>, at: u64, depth: Depth, found: &mut Parts) -> u64 {
    let length = view.length();
    let segment = element(view, at)
        .and_then(|head| element(view, head.content.saturating_add(head.bytes?)))
        .filter(|segment| segment.id == SEGMENT);
    let Some(segment) = segment else {
        found.part(part(at..length, Vec::new(), false));
        return length;
    };
    let segment_end = segment.bytes.map_or(u64::MAX, |bytes| segment.content.saturating_add(bytes));
    let (mut next, mut first_cluster) = (segment.content, None);
    let mut cluster_end = None;
    let mut patches = Vec::new();
    let mut whole = true;
    loop {
        if next >= segment_end.min(length) || view.is_over() {
            let is_segment_whole = segment.bytes.is_none() || next == segment_end;
            whole &= is_segment_whole && cluster_end.is_none_or(|end| end <= length);
            next = if next >= segment_end.min(length) { next.min(length) } else { length };
            break;
        }
        if cluster_end.is_some_and(|end| next >= end) {
            cluster_end = None;
        }
        let here = element(view, next);
        let is_new = here.is_some_and(|here| here.id == EBML);
        if is_new && first_cluster.is_some() {
            break;
        }
        let limit = cluster_end.unwrap_or(segment_end);
        match here {
            Some(Element { id: CLUSTER, content, bytes }) => {
                first_cluster = first_cluster.or(Some(next));
                cluster_end = bytes.map(|bytes| content.saturating_add(bytes));
                next = match cluster_end {
                    Some(end) if depth == Depth::Shallow && is_behind(view, end) => end,
                    _ => content,
                };
            }
            Some(Element { id, content, bytes: Some(bytes) })
                if (IN_SEGMENT.contains(&id) || IN_CLUSTER.contains(&id))
                    && content.saturating_add(bytes) <= limit =>
            {
                let end = content + bytes;
                whole &= end <= length;
                next = end.min(length);
            }
            _ => {
                let cluster = first_cluster
                    .and_then(|_| view.find(&CLUSTER_MAGIC, next + 1, length, is_cluster));
                let new =
                    cluster.and_then(|cluster| view.find(&EBML_MAGIC, next + 1, cluster, is_file));
                let Some((hole, cluster)) = first_cluster
                    .zip(cluster)
                    .filter(|(hole, cluster)| new.is_none() && *cluster >= hole + VOID_HEAD_BYTES)
                else {
                    whole = false;
                    next = if first_cluster.is_some() { next } else { length };
                    break;
                };
                let before = part(at..next, patches.clone(), false);
                if !found.resume(before, next..cluster) {
                    whole = false;
                    break;
                }
                // A void element, with a length of eight bytes.
                let mut void = vec![0xec, 1];
                void.extend(&(cluster - hole - VOID_HEAD_BYTES).to_be_bytes()[1..]);
                patches = vec![Patch { at: hole, bytes: void }];
                (next, cluster_end) = (cluster, None);
            }
        }
    }
    let is_first = patches.is_empty() && whole;
    found.part(Part { seekable: is_first, ..part(at..next, patches, whole) });
    next
}

/// A part that is not sought in: the index may name what lies outside of it.
fn part(range: std::ops::Range<u64>, patches: Vec<Patch>, whole: bool) -> Part {
    let continues = !patches.is_empty();
    Part { range, patches, continues, whole, ..Part::default() }
}

/// Whether a cluster may end at `at`: with the file, or before another child of the segment or another file.
fn is_behind(view: &mut View<'_>, at: u64) -> bool {
    let is_one =
        |here: Element| here.id == CLUSTER || here.id == EBML || IN_SEGMENT.contains(&here.id);
    at == view.length() || element(view, at).is_some_and(is_one)
}

/// Whether a file begins at `at`: a header, and a segment behind it.
fn is_file(view: &mut View<'_>, at: u64) -> bool {
    let segment =
        element(view, at).and_then(|head| element(view, head.content.saturating_add(head.bytes?)));
    segment.is_some_and(|segment| segment.id == SEGMENT)
}

/// Whether a cluster begins at `at`: with its timestamp, or one of the few other elements that may stand before it.
fn is_cluster(view: &mut View<'_>, at: u64) -> bool {
    let first = element(view, at).and_then(|cluster| element(view, cluster.content));
    first.is_some_and(|first| matches!(first.id, 0xe7 | 0xec | 0xbf | 0xab | 0xa7))
}

/// The element at `at`.
fn element(view: &mut View<'_>, at: u64) -> Option<Element> {
    let ebml::Element { id, head_bytes, bytes } =
        ebml::Element::of(view.bytes(at, ebml::HEAD_BYTES))?;
    Some(Element { id, content: at + head_bytes as u64, bytes })
}
