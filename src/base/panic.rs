//! Messages of panics.

/// The message of a panic in a decoder, as one line for people.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given");
    let said = said.replace(['\n', '\r'], " ");
    format!(
        "a decoder panicked ({said}); all other items were scanned: please report it with the file"
    )
}
