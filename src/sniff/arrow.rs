//! The first message of an Arrow stream.

/// Precedes each message: "continuation" in the specification of Arrow's IPC format.
pub(crate) const MARK: u32 = u32::MAX;

/// Whether something begins with a message that is a schema, as every stream does.
pub(super) fn is_stream(head: &[u8]) -> bool {
    const SCHEMA: u8 = 1;
    let number = |at: usize| head.get(at..)?.first_chunk().map(|&four| u32::from_le_bytes(four));
    let short = |at: usize| head.get(at..)?.first_chunk().map(|&two| u16::from_le_bytes(two));
    // A flatbuffer: its first number is the position of its table, which begins with the distance back to the list of its
    // fields. The second field is the kind of the message.
    let kind = || {
        let length = number(4)
            .filter(|&length| (16..1 << 31).contains(&length) && length.is_multiple_of(8))?;
        let table = 8 + number(8).filter(|&table| table < length)?;
        let fields = i64::from(table) - i64::from(number(table as usize)?.cast_signed());
        let fields = usize::try_from(fields).ok().filter(|&fields| fields >= 8)?;
        let kind = short(fields + 6).filter(|_| short(fields).is_some_and(|bytes| bytes >= 8))?;
        head.get(table as usize + usize::from(kind)).filter(|_| kind >= 4).copied()
    };
    number(0) == Some(MARK) && kind() == Some(SCHEMA)
}
