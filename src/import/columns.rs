//! Mappings from the columns of a table to fields: those that are built in, those from a file, and their use on a header.
//!
//! A mapping is a JSON object. Headers are compared by their letters and digits alone, without case:
//!
//! ```json
//! {"columns": {"Track title": "title", "Perf. 1": "artist", "Remarks": "ignore"}, "separators": "|", "dates": "dmy"}
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Deserialize;

use super::field::Field;
use super::value::DateOrder;

/// Characters that separate several values in a cell, unless a mapping says otherwise.
const SEPARATORS: &str = ";|\n";

/// The fields of columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    /// Name of the mapping.
    pub name: String,
    /// Fields by the letters and digits of the header.
    columns: BTreeMap<String, Field>,
    /// Order of day and month in dates.
    pub dates: DateOrder,
    /// Characters that separate the values in a cell.
    separators: String,
    /// Whether headers that it does not have are looked up in the general mapping.
    knows_others: bool,
}

/// Why a mapping file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The file cannot be read.
    #[error("cannot read the mapping {}", path.display())]
    Read {
        /// Path of the mapping file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The file is not a mapping.
    #[error(
        "{} is not a mapping, which begins like this: {{\"columns\": {{\"Track title\": \"title\"}}}}",
        path.display()
    )]
    Grammar {
        /// Path of the mapping file.
        path: PathBuf,
        /// The parser's reason.
        #[source]
        source: serde_json::Error,
    },
    /// The mapping names an unknown field.
    #[error("{} puts {header:?} into {field:?}, which is not a field; fields are {}", path.display(), names())]
    Field {
        /// Path of the mapping file.
        path: PathBuf,
        /// Header of the column.
        header: String,
        /// The unknown field.
        field: String,
    },
}

fn names() -> String {
    Field::ALL.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    name: String,
    columns: BTreeMap<String, String>,
    #[serde(default)]
    dates: DateOrder,
    #[serde(default)]
    separators: Option<String>,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not a mapping.
    pub fn read(path: &Path) -> Result<Self, MappingError> {
        let read = |source| MappingError::Read { path: path.into(), source };
        let text = std::fs::read_to_string(path).map_err(read)?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, MappingError> {
        let grammar = |source| MappingError::Grammar { path: path.into(), source };
        let Written { name, columns, dates, separators } =
            serde_json::from_str(text).map_err(grammar)?;
        let mut known = BTreeMap::new();
        for (header, field) in columns {
            let Some(field) = Field::named(&field) else {
                return Err(MappingError::Field { path: path.into(), header, field });
            };
            known.insert(plain(&header), field);
        }
        let name = if name.is_empty() { path.display().to_string() } else { name };
        let separators = separators.unwrap_or_else(|| SEPARATORS.to_owned());
        Ok(Self { name, columns: known, dates, separators, knows_others: true })
    }

    /// The field of a header.
    fn field(&self, header: &str) -> Option<Field> {
        let header = plain(header);
        let usual = |mapping: &Self| mapping.columns.get(&header).copied();
        usual(self).or_else(|| {
            let others = self.knows_others.then_some([&*OWN, &*GENERIC]);
            others.into_iter().flatten().find_map(usual)
        })
    }

    /// The values of a cell.
    pub(crate) fn values<'a>(&self, field: Field, cell: &'a str) -> Vec<std::borrow::Cow<'a, str>> {
        if self.is_own() {
            return unescaped(field.is_list(), cell);
        }
        // A path may contain separators.
        if !field.is_list() || field == Field::Audio {
            return vec![cell.into()];
        }
        let comma = matches!(
            field,
            Field::Isrc | Field::Iswc | Field::Territories | Field::TerritoriesExcluded
        );
        let parts = cell.split(|c| self.separators.contains(c) || (comma && c == ','));
        parts.map(Into::into).collect()
    }

    /// Whether it is the mapping of the tables that `catalog export` writes.
    pub(crate) fn is_own(&self) -> bool {
        !self.knows_others
    }
}

/// The letters and digits of a header in lower case.
fn plain(header: &str) -> String {
    let mut plain = String::new();
    for c in header.chars() {
        match c {
            '℗' => plain.push('p'),
            '©' => plain.push('c'),
            '%' => plain.push_str("percent"),
            c if c.is_alphanumeric() => plain.extend(c.to_lowercase()),
            _ => {}
        }
    }
    plain
}

/// The mapping of the tables that `catalog export` writes: each field under its name.
static OWN: LazyLock<Mapping> = LazyLock::new(|| {
    let known = Field::ALL.iter().filter(|(_, field, _)| *field != Field::Ignore);
    Mapping {
        name: "leakhound".into(),
        columns: known.map(|(name, field, _)| (plain(name), *field)).collect(),
        ..Mapping::default()
    }
});

/// The usual headers of many systems.
static GENERIC: LazyLock<Mapping> = LazyLock::new(|| shipped(include_str!("presets/generic.json")));

/// All mappings that are built in; of two that fit a header equally well the first is used.
static PRESETS: LazyLock<Vec<Mapping>> = LazyLock::new(|| {
    let shipped = [
        include_str!("presets/mixbank.json"),
        include_str!("presets/believe.json"),
        include_str!("presets/ppca.json"),
        include_str!("presets/publisher.json"),
        include_str!("presets/youtube-cms.json"),
    ]
    .map(shipped);
    let mut all = vec![OWN.clone()];
    all.extend(shipped);
    all.push(GENERIC.clone());
    all
});

fn shipped(text: &str) -> Mapping {
    Mapping::parse(Path::new("preset"), text).expect("a test parses all of them")
}

/// The mappings that are built in.
pub fn presets() -> &'static [Mapping] {
    &PRESETS
}

/// The values of a cell of an export: `a; b\; c` has `a` and `b; c`. An apostrophe that the export put before a formula is
/// removed.
fn unescaped(is_list: bool, cell: &str) -> Vec<std::borrow::Cow<'_, str>> {
    let cell = cell.strip_prefix('\'').unwrap_or(cell);
    if !is_list || !cell.contains([';', '\\']) {
        return vec![cell.into()];
    }
    let mut values = vec![String::new()];
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => values.push(String::new()),
            '\\' => values.last_mut().expect("never empty").extend(chars.next()),
            c => values.last_mut().expect("never empty").push(c),
        }
    }
    values.into_iter().map(Into::into).collect()
}

/// The header of a table, and the mapping that fits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) mapping: Mapping,
    /// The columns: header and field; `None` if the column is not read.
    pub(crate) columns: Vec<(String, Option<Field>)>,
}

impl Header {
    /// Reads a row as a header; `None` if it has no column by which a recording could be known.
    pub(crate) fn of(cells: &[&str], mapping: Option<&Mapping>) -> Option<Self> {
        let given;
        let mappings = match mapping {
            Some(mapping) => {
                given = [mapping.clone()];
                &given[..]
            }
            None => presets(),
        };
        // An export has no other columns than its own.
        let is_export = cells.first().is_some_and(|first| plain(first) == "entryid")
            && cells.iter().all(|cell| OWN.columns.contains_key(&plain(cell)));
        let fits = |mapping: &&Mapping| is_export || !mapping.is_own();
        let all = mappings.iter().filter(fits).map(|mapping| Self::under(cells, mapping));
        // The first of the mappings that know most columns.
        let best = all.rev().max_by_key(|header| header.mapped_by_itself(cells))?;
        let names = |field| best.columns.iter().any(|(_, known)| *known == Some(field));
        let identity = [
            Field::EntryId,
            Field::OwnId,
            Field::Isrc,
            Field::Title,
            Field::Audio,
            Field::AudioHash,
        ];
        identity.into_iter().any(names).then_some(best)
    }

    fn under(cells: &[&str], mapping: &Mapping) -> Self {
        let mut columns: Vec<(String, Option<Field>)> = Vec::new();
        for cell in cells {
            let field = mapping.field(cell);
            // Of two columns for a field with one value, the first is read; but a table may have columns for UPC and for EAN.
            let taken = |field: Field| columns.iter().any(|(_, known)| *known == Some(field));
            let repeats = |f: Field| f.is_list() || matches!(f, Field::Upc | Field::Ignore);
            let field = field.filter(|field| repeats(*field) || !taken(*field));
            columns.push(((*cell).to_owned(), field));
        }
        Self { mapping: mapping.clone(), columns }
    }

    /// Number of columns that the mapping itself knows.
    fn mapped_by_itself(&self, cells: &[&str]) -> usize {
        let usual = self.mapping.name == GENERIC.name;
        let known = |cell: &&&str| {
            let cell = plain(cell);
            self.mapping.columns.contains_key(&cell) || (usual && OWN.columns.contains_key(&cell))
        };
        cells.iter().filter(known).count()
    }

    /// Number of columns that are read.
    pub(crate) fn read(&self) -> usize {
        let known = |field: &Option<Field>| field.is_some_and(|field| field != Field::Ignore);
        self.columns.iter().filter(|(_, field)| known(field)).count()
    }

    /// Headers of the columns that no mapping knows.
    pub(crate) fn unknown(&self) -> Vec<&str> {
        let unknown =
            self.columns.iter().filter(|(name, field)| field.is_none() && !name.is_empty());
        unknown.map(|(name, _)| name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(header: &Header) -> Vec<&'static str> {
        header.columns.iter().map(|(_, field)| field.map_or("-", Field::name)).collect()
    }

    #[test]
    fn the_built_in_mappings_are_found_by_their_headers() {
        for (headers, name, expected) in [
            (
                "album_artist,album_title,album_ean,track_title,track_filename,track_isrc,track_pline",
                "mixbank",
                "ignore,release_title,upc,title,audio,isrc,p_line",
            ),
            (
                "Track number;Track title;Mixtitle/Version;℗ line;© line;Original Release date (MM/DD/YYYY);ISRC;UPC",
                "believe",
                "ignore,title,version,p_line,c_line,release_date,isrc,upc",
            ),
            (
                "Track Title|Track Primary Artist|Catalogue Number|Licensor Percentage Claimed|ISRC",
                "ppca",
                "title,artist,catalogue_number,share,isrc",
            ),
            (
                "Internal ID,title,Writers,Ownership %,ISRC(s)",
                "publisher",
                "own_id,title,ignore,ignore,isrc",
            ),
            (
                "Asset ID,Custom ID,Asset title,Artist,ISRC",
                "youtube-cms",
                "own_id,own_id,title,artist,isrc",
            ),
            ("Song Title,Main Artist,Bar Code,Remarks", "generic", "title,artist,upc,-"),
            ("entry_id,isrc,title,upc", "leakhound", "entry_id,isrc,title,upc"),
        ] {
            let cells: Vec<&str> = headers.split([',', ';', '|']).collect();
            let header = Header::of(&cells, None).unwrap();
            assert_eq!(header.mapping.name, name);
            assert_eq!(fields(&header).join(","), expected, "{name}");
        }
        assert_eq!(Header::of(&["Remarks", "Colour"], None), None);
    }

    #[test]
    fn a_mapping_file_adds_columns_that_no_built_in_mapping_has() {
        let text = r#"{"columns": {"Perf. 1": "artist", "Werk": "title"}, "dates": "dmy"}"#;
        let mapping = Mapping::parse(Path::new("map.json"), text).unwrap();
        let header = Header::of(&["WERK", "perf 1", "isrc"], Some(&mapping)).unwrap();
        assert_eq!(fields(&header), ["title", "artist", "isrc"]);
        let wrong = r#"{"columns": {"Werk": "titel"}}"#;
        let told = Mapping::parse(Path::new("map.json"), wrong).unwrap_err().to_string();
        assert!(told.contains("\"titel\"") && told.contains("title"), "{told}");
    }

    #[test]
    fn a_list_in_a_cell_is_split_where_the_export_joined_it() {
        assert_eq!(unescaped(true, "a;b\\;c;\\\\"), ["a", "b;c", "\\"]);
        assert_eq!(unescaped(false, "'=a;b"), ["=a;b"]);
    }
}
