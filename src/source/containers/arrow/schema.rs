//! The columns of an Arrow table, and which parts of a batch belong to each.
//!
//! A batch lists fields (as nodes) and buffers in the order of the schema, a field before its children. The number of
//! buffers of a field depends on its type; that of a field of views differs from batch to batch.

use std::io;
use std::rc::Rc;

use polars_arrow_format::ipc::{
    Endianness, FieldRef, MetadataVersion, Precision, SchemaRef, TypeRef, UnionMode, UnionRef,
};

use super::errors::{damaged, plain, unsupported};
use super::layout::Batch;
use crate::source::containers::columns::{self, Form};

/// Most fields of a table, parts of structs and lists counted. A guess. A header may name one field a thousand million times.
const MAX_FIELDS: usize = 20_000;
/// Deepest nesting of structs and lists. A guess.
const MAX_DEPTH: usize = 32;
/// Longest name of a field that is kept, in bytes. A guess.
const MAX_NAME_BYTES: usize = 4_096;

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Schema {
    /// The columns without parts, in order.
    pub(super) leaves: Vec<Leaf>,
    /// The same columns, as far as their roles depend on it.
    pub(super) columns: Vec<columns::Leaf>,
    /// Nodes of a batch.
    nodes: usize,
    /// Buffers of a batch, without the buffers of data of views.
    buffers: usize,
    /// Fields of views.
    views: usize,
}

/// A column without parts.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    /// The structs and lists around it, the outermost first.
    pub(super) levels: Vec<Level>,
    /// `None` if its values are not read here.
    pub(super) values: Option<Values>,
    pub(super) node: usize,
    /// Its first buffer, the bitmap of nulls.
    pub(super) first: Buffer,
}

impl Leaf {
    /// Whether its values can be read from front to end.
    pub(super) fn is_in_order(&self) -> bool {
        self.levels.iter().all(|level| level.kind.is_in_order())
    }
}

/// A struct, a list or the like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) kind: LevelKind,
    pub(super) node: usize,
    pub(super) first: Buffer,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum LevelKind {
    Struct,
    /// A list with offsets of 64 bits if wide, else of 32.
    List {
        is_wide: bool,
    },
    /// A list with this many entries each.
    Fixed(u64),
    /// A list that tells its first entry and their number, both of 64 bits if wide, else of 32. Lists may lie in any order and share entries.
    ListView {
        is_wide: bool,
    },
    /// Each entry is that of a run; its first child has the ends of the runs, as such numbers.
    RunEnds(Whole),
    /// The child with this code, where the buffer with number `types` has the code; an entry has its place in a dense union.
    Union {
        code: i8,
        types: usize,
        is_dense: bool,
    },
}

impl LevelKind {
    /// Whether one entry may have several values.
    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::List { .. } | Self::Fixed(_) | Self::ListView { .. })
    }

    /// Whether the entries below it are used in their order, and each at most once.
    fn is_in_order(self) -> bool {
        matches!(self, Self::Struct | Self::List { .. } | Self::Fixed(_))
    }
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Values {
    Bytes(Shape),
    /// Each value is the number of a value in the dictionary with this id.
    Codes {
        code: Whole,
        dictionary: i64,
        shape: Shape,
    },
    /// Floating point of this many bytes: 2, 4 or 8.
    Floats {
        bytes: usize,
    },
    Whole(Whole),
}

/// How bytes and texts are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One after the other, with offsets of 64 bits if wide, else of 32.
    Row { is_wide: bool },
    /// As views, which refer to any place in several buffers; `nth` counts the fields of views from 0.
    Views { nth: usize },
}

/// A type of whole numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    pub(super) bytes: usize,
    pub(super) is_signed: bool,
}

impl Whole {
    /// The number whose bytes are the first of these; an unsigned one of more than 63 bits becomes negative.
    pub(super) fn of(self, mut eight: [u8; 8]) -> i64 {
        if self.is_signed && eight[self.bytes - 1] & 0x80 != 0 {
            eight[self.bytes..].fill(0xff);
        }
        i64::from_le_bytes(eight)
    }
}

/// The place of a buffer among those of a batch: behind `behind` others and the buffers of data of `views` fields of views.
#[derive(Debug, Clone, Copy)]
pub(super) struct Buffer {
    behind: usize,
    views: usize,
}

impl Buffer {
    /// The first of a batch.
    pub(super) const FIRST: Self = Self { behind: 0, views: 0 };

    /// Its number among the buffers of a batch that [fits](Schema::fits) the schema.
    pub(super) fn of(self, batch: &Batch) -> usize {
        let beside: u64 = batch.variadic.iter().take(self.views).sum();
        self.behind.saturating_add(beside as usize)
    }
}

impl Schema {
    pub(super) fn read(
        schema: SchemaRef<'_>,
        version: MetadataVersion,
        header_bytes: usize,
    ) -> io::Result<Self> {
        if schema.endianness().map_err(plain)? == Endianness::Big {
            return Err(unsupported(
                "was written on a big-endian machine, whose tables are not read here; write it again on another"
                    .to_owned(),
            ));
        }
        let mut columns = Columns {
            schema: Self {
                leaves: Vec::new(),
                columns: Vec::new(),
                nodes: 0,
                buffers: 0,
                views: 0,
            },
            path: Vec::new(),
            levels: Vec::new(),
            name_bytes: header_bytes,
            version,
        };
        for field in schema.fields().map_err(plain)?.into_iter().flatten() {
            columns.field(field.map_err(plain)?)?;
        }
        Ok(columns.schema)
    }

    /// Checks that a batch has as many nodes and buffers as the schema needs.
    pub(super) fn fits(&self, batch: &Batch) -> io::Result<()> {
        let beside = batch.variadic.iter().try_fold(0_u64, |sum, &count| sum.checked_add(count));
        let buffers = beside.and_then(|beside| beside.checked_add(self.buffers as u64));
        let (nodes, there) = (batch.nodes.len(), batch.buffers.len() as u64);
        if nodes != self.nodes || buffers != Some(there) || batch.variadic.len() != self.views {
            return Err(damaged(format!(
                "a batch has {nodes} nodes and {there} buffers, and its schema needs {} and {}",
                self.nodes,
                buffers.unwrap_or(u64::MAX)
            )));
        }
        Ok(())
    }
}

/// Collects the columns of a schema.
struct Columns {
    schema: Schema,
    path: Vec<Rc<str>>,
    levels: Vec<Level>,
    /// Bytes that names may still take, at first those of the header: fields that share one name would take more.
    name_bytes: usize,
    version: MetadataVersion,
}

impl Columns {
    fn field(&mut self, field: FieldRef<'_>) -> io::Result<()> {
        if self.schema.nodes >= MAX_FIELDS || self.path.len() >= MAX_DEPTH {
            return Err(too_many());
        }
        let name = field.name().map_err(plain)?.unwrap_or_default();
        let name = &name[..name.floor_char_boundary(MAX_NAME_BYTES)];
        let left = self.name_bytes.checked_sub(name.len());
        self.name_bytes = left.ok_or_else(|| damaged("a schema whose fields share their names"))?;
        self.path.push(name.into());
        let done = self.parts(field);
        self.path.pop();
        done
    }

    fn parts(&mut self, field: FieldRef<'_>) -> io::Result<()> {
        let kind =
            field.type_().map_err(plain)?.ok_or_else(|| damaged("a field without a type"))?;
        let (node, first) = (self.schema.nodes, self.here());
        self.schema.nodes += 1;
        if let Some(dictionary) = field.dictionary().map_err(plain)? {
            self.schema.buffers += 2;
            let code = match dictionary.index_type().map_err(plain)? {
                Some(int) => {
                    whole(int.bit_width().map_err(plain)?, int.is_signed().map_err(plain)?)
                }
                None => whole(32, true),
            };
            let id = dictionary.id().map_err(plain)?;
            let (form, shape) = match kind {
                // The views are in the batch of the dictionary, which has one field.
                TypeRef::BinaryView(_) => (Form::Bytes, Some(Shape::Views { nth: 0 })),
                TypeRef::Utf8View(_) => (Form::Text, Some(Shape::Views { nth: 0 })),
                TypeRef::Struct(_)
                | TypeRef::Map(_)
                | TypeRef::Union(_)
                | TypeRef::List(_)
                | TypeRef::LargeList(_)
                | TypeRef::FixedSizeList(_) => (Form::Unread, None),
                ref other => match in_a_row(other) {
                    Some((form, shape)) => (form, Some(shape)),
                    None => (Form::Other, None),
                },
            };
            let codes = |shape| Some(Values::Codes { code: code?, dictionary: id, shape });
            let values = shape.and_then(codes);
            self.leaf(node, first, form, values);
            return Ok(());
        }
        let (buffers, level) = match kind {
            TypeRef::Null(_) => (0, None),
            TypeRef::Struct(_) => (1, Some(LevelKind::Struct)),
            TypeRef::List(_) | TypeRef::Map(_) => (2, Some(LevelKind::List { is_wide: false })),
            TypeRef::LargeList(_) => (2, Some(LevelKind::List { is_wide: true })),
            TypeRef::FixedSizeList(list) => {
                let size = list.list_size().map_err(plain)?;
                let size = u64::try_from(size)
                    .map_err(|_| damaged(format!("a list has {size} entries")))?;
                (1, Some(LevelKind::Fixed(size)))
            }
            TypeRef::ListView(_) => (3, Some(LevelKind::ListView { is_wide: false })),
            TypeRef::LargeListView(_) => (3, Some(LevelKind::ListView { is_wide: true })),
            TypeRef::RunEndEncoded(_) => return self.runs(node, first, field),
            TypeRef::Union(union) => return self.union(node, first, union, field),
            TypeRef::BinaryView(_) | TypeRef::Utf8View(_) => {
                let is_text = matches!(kind, TypeRef::Utf8View(_));
                let shape = Shape::Views { nth: self.schema.views };
                self.schema.buffers += 2;
                self.schema.views += 1;
                let form = if is_text { Form::Text } else { Form::Bytes };
                self.leaf(node, first, form, Some(Values::Bytes(shape)));
                return Ok(());
            }
            ref other => {
                let floats = |bytes| (2, Form::Float, Some(Values::Floats { bytes }));
                let (buffers, form, values) = match other {
                    TypeRef::FloatingPoint(float) => match float.precision().map_err(plain)? {
                        Precision::Half => floats(2),
                        Precision::Single => floats(4),
                        Precision::Double => floats(8),
                    },
                    TypeRef::FixedSizeBinary(fixed)
                        if fixed.byte_width().map_err(plain)? >= columns::MIN_FIXED_BYTES =>
                    {
                        (2, Form::Fixed, None)
                    }
                    TypeRef::Int(int) => {
                        let bits = int.bit_width().map_err(plain)?;
                        let whole = whole(bits, int.is_signed().map_err(plain)?);
                        (2, Form::Whole, whole.map(Values::Whole))
                    }
                    other => match in_a_row(other) {
                        Some((form, shape)) => (3, form, Some(Values::Bytes(shape))),
                        None => (2, Form::Other, None),
                    },
                };
                self.schema.buffers += buffers;
                self.leaf(node, first, form, values);
                return Ok(());
            }
        };
        self.schema.buffers += buffers;
        match level {
            None => self.leaf(node, first, Form::Other, None),
            Some(kind) => {
                self.levels.push(Level { kind, node, first });
                self.children(field)?;
                self.levels.pop();
            }
        }
        Ok(())
    }

    /// A field of runs: its children are the ends of the runs, and their values, which take its name.
    fn runs(&mut self, node: usize, first: Buffer, field: FieldRef<'_>) -> io::Result<()> {
        let wrong = || damaged("a column of runs without their ends and values");
        let children = field.children().map_err(plain)?.ok_or_else(wrong)?;
        let mut children = children.iter();
        let (Some(ends), Some(values), None) = (children.next(), children.next(), children.next())
        else {
            return Err(wrong());
        };
        let ends = ends.map_err(plain)?.type_().map_err(plain)?.ok_or_else(wrong)?;
        let TypeRef::Int(ends) = ends else { return Err(wrong()) };
        let bits = ends.bit_width().map_err(plain)?;
        let ends = whole(bits, true).ok_or_else(wrong)?;
        self.schema.nodes += 1;
        self.schema.buffers += 2;
        let values = values.map_err(plain)?;
        if self.schema.nodes >= MAX_FIELDS || self.levels.len() >= MAX_DEPTH {
            return Err(too_many());
        }
        self.levels.push(Level { kind: LevelKind::RunEnds(ends), node, first });
        let done = self.parts(values);
        self.levels.pop();
        done
    }

    /// A field whose entries are each of one of its children.
    fn union(
        &mut self,
        node: usize,
        first: Buffer,
        union: UnionRef<'_>,
        field: FieldRef<'_>,
    ) -> io::Result<()> {
        let is_dense = union.mode().map_err(plain)? == UnionMode::Dense;
        // Up to version 4 of the format, a union has a bitmap of nulls.
        let types = usize::from(self.version == MetadataVersion::V4);
        self.schema.buffers += types + 1 + usize::from(is_dense);
        let codes = union.type_ids().map_err(plain)?;
        for (nth, child) in field.children().map_err(plain)?.into_iter().flatten().enumerate() {
            let code = match &codes {
                Some(codes) => codes.get(nth),
                None => i32::try_from(nth).ok(),
            };
            let code = code.and_then(|code| i8::try_from(code).ok());
            let code = code.ok_or_else(|| damaged("a union without a code for each child"))?;
            let kind = LevelKind::Union { code, types, is_dense };
            self.levels.push(Level { kind, node, first });
            self.field(child.map_err(plain)?)?;
            self.levels.pop();
        }
        Ok(())
    }

    fn children(&mut self, field: FieldRef<'_>) -> io::Result<()> {
        for child in field.children().map_err(plain)?.into_iter().flatten() {
            self.field(child.map_err(plain)?)?;
        }
        Ok(())
    }

    fn here(&self) -> Buffer {
        Buffer { behind: self.schema.buffers, views: self.schema.views }
    }

    fn leaf(&mut self, node: usize, first: Buffer, form: Form, values: Option<Values>) {
        let is_list = |level: &&Level| level.kind.is_list();
        let lists = self.levels.iter().filter(is_list).count();
        // A list names its values `item` or the like.
        let inside = self.levels.iter().rev().take_while(is_list).count();
        let form = match form {
            Form::Bytes | Form::Text if values.is_none() => Form::Unread,
            form => form,
        };
        self.schema.columns.push(columns::Leaf { path: self.path.clone(), form, lists, inside });
        self.schema.leaves.push(Leaf { levels: self.levels.clone(), values, node, first });
    }
}

fn too_many() -> io::Error {
    unsupported(format!(
        "has more than {MAX_FIELDS} columns, or columns of more than {MAX_DEPTH} parts; write it again without them"
    ))
}

fn in_a_row(kind: &TypeRef<'_>) -> Option<(Form, Shape)> {
    Some(match kind {
        TypeRef::Binary(_) => (Form::Bytes, Shape::Row { is_wide: false }),
        TypeRef::LargeBinary(_) => (Form::Bytes, Shape::Row { is_wide: true }),
        TypeRef::Utf8(_) => (Form::Text, Shape::Row { is_wide: false }),
        TypeRef::LargeUtf8(_) => (Form::Text, Shape::Row { is_wide: true }),
        _ => return None,
    })
}

fn whole(bits: i32, is_signed: bool) -> Option<Whole> {
    let bytes = match bits {
        8 => 1,
        16 => 2,
        32 => 4,
        64 => 8,
        _ => return None,
    };
    Some(Whole { bytes, is_signed })
}
