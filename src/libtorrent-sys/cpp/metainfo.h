#pragma once

#include "rust/cxx.h"

namespace leakhound {

struct Metainfo;

/// Reads a .torrent file. Throws only exceptions that derive from std::exception.
Metainfo parse(rust::Slice<const uint8_t> bytes, int32_t max_bytes, int32_t max_pieces,
               int32_t max_depth, int32_t max_tokens, int32_t max_alike, int64_t max_path_bytes);

}  // namespace leakhound
