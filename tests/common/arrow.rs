//! Arrow tables that are made in memory: columns as data sets have them, written as a stream or a file.

use std::io::Write as _;

use polars_arrow_format::ipc::planus::Builder;
use polars_arrow_format::ipc::{
    Binary, BinaryView, Block, BodyCompression, BodyCompressionMethod, Buffer, CompressionType,
    DictionaryBatch, DictionaryEncoding, DictionaryKind, Endianness, Field, FieldNode,
    FloatingPoint, Footer, Int, LargeBinary, LargeUtf8, List, Message, MessageHeader,
    MetadataVersion, Precision, RecordBatch, Schema, Struct, Type, Utf8, Utf8View,
};

/// A column, or a part of one, with its values.
#[derive(Clone)]
pub(crate) struct Array {
    pub(crate) field: Field,
    pub(crate) nodes: Vec<FieldNode>,
    pub(crate) buffers: Vec<Vec<u8>>,
    variadic: Vec<i64>,
}

/// How bytes and texts are stored.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    Narrow,
    Wide,
    Views,
}

fn field(name: &str, type_: Type, children: &[Array]) -> Field {
    let children = children.iter().map(|child| child.field.clone()).collect();
    Field {
        name: Some(name.to_owned()),
        nullable: true,
        type_: Some(type_),
        dictionary: None,
        children: Some(children),
        custom_metadata: None,
    }
}

fn bitmap(valid: impl Iterator<Item = bool>) -> Vec<u8> {
    let valid: Vec<bool> = valid.collect();
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
    valid.chunks(8).map(byte).collect()
}

fn array<T>(name: &str, type_: Type, values: &[Option<T>], buffers: Vec<Vec<u8>>) -> Array {
    let null_count = values.iter().filter(|value| value.is_none()).count() as i64;
    let nulls = bitmap(values.iter().map(Option::is_some));
    Array {
        field: field(name, type_, &[]),
        nodes: vec![FieldNode { length: values.len() as i64, null_count }],
        buffers: [vec![if null_count > 0 { nulls } else { Vec::new() }], buffers].concat(),
        variadic: Vec::new(),
    }
}

/// The offsets of values that are stored one after the other.
fn offsets(lengths: impl Iterator<Item = usize>, is_wide: bool) -> Vec<u8> {
    let mut at = 0_usize;
    let ends = lengths.map(|length| {
        at += length;
        at
    });
    let all = std::iter::once(0).chain(ends);
    all.flat_map(|at| at.to_le_bytes()[..if is_wide { 8 } else { 4 }].to_vec()).collect()
}

pub(crate) fn bytes<B: AsRef<[u8]>>(name: &str, shape: Shape, values: &[Option<B>]) -> Array {
    let type_ = match shape {
        Shape::Narrow => Type::Binary(Box::new(Binary {})),
        Shape::Wide => Type::LargeBinary(Box::new(LargeBinary {})),
        Shape::Views => Type::BinaryView(Box::new(BinaryView {})),
    };
    let of = |value: &Option<B>| value.as_ref().map_or(Vec::new(), |v| v.as_ref().to_vec());
    let plain: Vec<Vec<u8>> = values.iter().map(of).collect();
    if shape != Shape::Views {
        let offsets = offsets(plain.iter().map(Vec::len), shape == Shape::Wide);
        return array(name, type_, values, vec![offsets, plain.concat()]);
    }
    // Two buffers of data; values of up to 12 bytes are in their views.
    let (mut views, mut data) = (Vec::new(), [Vec::new(), Vec::new()]);
    for (nth, value) in plain.iter().enumerate() {
        views.extend((value.len() as u32).to_le_bytes());
        if value.len() <= 12 {
            views.extend([value.as_slice(), &vec![0; 12 - value.len()]].concat());
        } else {
            let block = nth % 2;
            views.extend_from_slice(&value[..4]);
            views.extend((block as u32).to_le_bytes());
            views.extend((data[block].len() as u32).to_le_bytes());
            data[block].extend_from_slice(value);
        }
    }
    let [first, second] = data;
    let array = array(name, type_, values, vec![views, first, second]);
    Array { variadic: vec![2], ..array }
}

pub(crate) fn texts(name: &str, shape: Shape, values: &[Option<&str>]) -> Array {
    let mut array = bytes(name, shape, values);
    array.field.type_ = Some(match shape {
        Shape::Narrow => Type::Utf8(Box::new(Utf8 {})),
        Shape::Wide => Type::LargeUtf8(Box::new(LargeUtf8 {})),
        Shape::Views => Type::Utf8View(Box::new(Utf8View {})),
    });
    array
}

pub(crate) fn numbers(name: &str, values: &[Option<i64>]) -> Array {
    let data = values.iter().flat_map(|value| value.unwrap_or(0).to_le_bytes()).collect();
    let type_ = Type::Int(Box::new(Int { bit_width: 64, is_signed: true }));
    array(name, type_, values, vec![data])
}

pub(crate) fn floats(name: &str, values: &[f32], is_double: bool) -> Array {
    let value = |&value: &f32| {
        if is_double {
            f64::from(value).to_le_bytes().to_vec()
        } else {
            value.to_le_bytes().to_vec()
        }
    };
    let precision = if is_double { Precision::Double } else { Precision::Single };
    let type_ = Type::FloatingPoint(Box::new(FloatingPoint { precision }));
    let values_there: Vec<_> = values.iter().map(Some).collect();
    array(name, type_, &values_there, vec![values.iter().flat_map(value).collect()])
}

/// Lists with this many values of `inner` each, or null.
pub(crate) fn lists(name: &str, lengths: &[Option<usize>], inner: Array) -> Array {
    let offsets = offsets(lengths.iter().map(|length| length.unwrap_or(0)), false);
    let mut list = array(name, Type::List(Box::new(List {})), lengths, vec![offsets]);
    list.field.children = Some(vec![inner.field]);
    list.nodes.extend(inner.nodes);
    list.buffers.extend(inner.buffers);
    list.variadic.extend(inner.variadic);
    list
}

pub(crate) fn parts(name: &str, valid: &[bool], inner: Vec<Array>) -> Array {
    let valid: Vec<Option<()>> = valid.iter().map(|valid| valid.then_some(())).collect();
    let mut parts = array(name, Type::Struct(Box::new(Struct {})), &valid, Vec::new());
    parts.field.children = Some(inner.iter().map(|inner| inner.field.clone()).collect());
    for inner in inner {
        parts.nodes.extend(inner.nodes);
        parts.buffers.extend(inner.buffers);
        parts.variadic.extend(inner.variadic);
    }
    parts
}

/// A column of dictionary numbers; the dictionary has values of the type of `values`.
pub(crate) fn codes(name: &str, id: i64, values: &Array, codes: &[Option<i16>]) -> Array {
    let data = codes.iter().flat_map(|code| code.unwrap_or(0).to_le_bytes()).collect();
    let index_type = Some(Box::new(Int { bit_width: 16, is_signed: true }));
    let dictionary_kind = DictionaryKind::DenseArray;
    let encoding = DictionaryEncoding { id, index_type, is_ordered: false, dictionary_kind };
    let mut array = array(name, values.field.type_.clone().unwrap(), codes, vec![data]);
    array.field.dictionary = Some(Box::new(encoding));
    array
}

/// A column of sound as Hugging Face writes it; a row is null, names a file, or holds a file.
pub(crate) fn audio(shape: Shape, rows: &[(Option<&[u8]>, Option<&str>)]) -> Array {
    let valid: Vec<bool> = rows.iter().map(|row| row.0.is_some() || row.1.is_some()).collect();
    let sound: Vec<_> = rows.iter().map(|row| row.0).collect();
    let paths: Vec<_> = rows.iter().map(|row| row.1).collect();
    parts("audio", &valid, vec![bytes("bytes", shape, &sound), texts("path", shape, &paths)])
}

/// A table to be written.
#[derive(Clone, Default)]
pub(crate) struct Table {
    pub(crate) batches: Vec<Vec<Array>>,
    /// Dictionaries by id; a second one of the same id is a delta.
    pub(crate) dictionaries: Vec<(i64, Array)>,
    pub(crate) codec: Option<CompressionType>,
    pub(crate) is_file: bool,
}

/// Changes a message before it is written; the number is that of the message, from 0.
pub(crate) type Edit<'a> = &'a mut dyn FnMut(usize, &mut Message, &mut Vec<u8>);

impl Table {
    pub(crate) fn stream(batches: Vec<Vec<Array>>) -> Self {
        Self { batches, ..Self::default() }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        self.edited(&mut |_, _, _| {})
    }

    pub(crate) fn edited(&self, edit: Edit<'_>) -> Vec<u8> {
        let fields = self.batches[0].iter().map(|array| array.field.clone()).collect();
        let schema = Schema {
            endianness: Endianness::Little,
            fields: Some(fields),
            custom_metadata: None,
            features: None,
        };
        let mut messages = vec![(MessageHeader::Schema(Box::new(schema.clone())), Vec::new())];
        let mut known = Vec::new();
        for (id, values) in &self.dictionaries {
            let (data, body) = self.batch(std::slice::from_ref(values));
            let (data, is_delta) = (Some(Box::new(data)), known.contains(id));
            known.push(*id);
            let dictionary = DictionaryBatch { id: *id, data, is_delta };
            messages.push((MessageHeader::DictionaryBatch(Box::new(dictionary)), body));
        }
        for batch in &self.batches {
            let (batch, body) = self.batch(batch);
            messages.push((MessageHeader::RecordBatch(Box::new(batch)), body));
        }
        if self.is_file {
            // In a file, dictionaries may stand behind the batches.
            let dictionaries = self.dictionaries.len();
            messages[1..].rotate_left(dictionaries);
        }
        let mut out = if self.is_file { b"ARROW1\0\0".to_vec() } else { Vec::new() };
        let mut blocks = Vec::new();
        for (nth, (header, mut body)) in messages.into_iter().enumerate() {
            let is_batch = matches!(header, MessageHeader::RecordBatch(_));
            let mut message = Message {
                version: MetadataVersion::V5,
                header: Some(header),
                body_length: body.len() as i64,
                custom_metadata: None,
            };
            edit(nth, &mut message, &mut body);
            if is_batch {
                let offset = out.len() as i64;
                blocks.push(Block { offset, meta_data_length: 0, body_length: 0 });
            }
            out.extend(framed(&message));
            out.extend(body);
        }
        out.extend([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        if self.is_file {
            let footer = Footer {
                version: MetadataVersion::V5,
                schema: Some(Box::new(schema)),
                dictionaries: None,
                record_batches: Some(blocks),
                custom_metadata: None,
            };
            let mut builder = Builder::new();
            let footer = builder.finish(&footer, None);
            out.extend_from_slice(footer);
            out.extend((footer.len() as u32).to_le_bytes());
            out.extend(b"ARROW1");
        }
        out
    }

    fn batch(&self, arrays: &[Array]) -> (RecordBatch, Vec<u8>) {
        let (mut body, mut buffers) = (Vec::new(), Vec::new());
        for plain in arrays.iter().flat_map(|array| &array.buffers) {
            let stored = self.packed(plain);
            let (offset, length) = (body.len() as i64, stored.len() as i64);
            buffers.push(Buffer { offset, length });
            body.extend(stored);
            body.resize(body.len().next_multiple_of(8), 0);
        }
        let variadic: Vec<i64> = arrays.iter().flat_map(|a| a.variadic.clone()).collect();
        let compression = self.codec.map(|codec| {
            Box::new(BodyCompression { codec, method: BodyCompressionMethod::Buffer })
        });
        let batch = RecordBatch {
            length: arrays[0].nodes[0].length,
            nodes: Some(arrays.iter().flat_map(|array| array.nodes.clone()).collect()),
            buffers: Some(buffers),
            compression,
            variadic_buffer_counts: (!variadic.is_empty()).then_some(variadic),
        };
        (batch, body)
    }

    fn packed(&self, plain: &[u8]) -> Vec<u8> {
        let Some(codec) = self.codec.filter(|_| !plain.is_empty()) else { return plain.to_vec() };
        // A buffer that compression would not shorten stays uncompressed.
        if plain.len() < 16 {
            return [&(-1_i64).to_le_bytes(), plain].concat();
        }
        let packed = match codec {
            CompressionType::Zstd => zstd::encode_all(plain, 1).unwrap(),
            CompressionType::Lz4Frame => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
        };
        [&(plain.len() as i64).to_le_bytes()[..], &packed].concat()
    }
}

/// A message without its body: continuation marker, length, header.
pub(crate) fn framed(message: &Message) -> Vec<u8> {
    let mut builder = Builder::new();
    let mut header = builder.finish(message, None).to_vec();
    header.resize(header.len().next_multiple_of(8), 0);
    [&[0xff; 4][..], &(header.len() as u32).to_le_bytes(), &header].concat()
}

/// The record batch of a message, if it is one.
pub(crate) fn batch_of(message: &mut Message) -> Option<&mut RecordBatch> {
    match message.header.as_mut().unwrap() {
        MessageHeader::RecordBatch(batch) => Some(batch),
        _ => None,
    }
}
