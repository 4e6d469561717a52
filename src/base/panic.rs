//! What a panic said, in one line.

/// One line for what a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given");
    let said = said.replace(['\n', '\r'], " ");
    format!("a decoder broke down ({said}); the others went on: please report it with the file")
}
