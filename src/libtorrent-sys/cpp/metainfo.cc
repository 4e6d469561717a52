// Reads a .torrent file by libtorrent's own parser. No session is made: nothing here opens a socket, a thread
// or a file.

#include "metainfo.h"

#include <stdexcept>
#include <string>

#include <libtorrent/file_storage.hpp>
#include <libtorrent/span.hpp>
#include <libtorrent/torrent_info.hpp>

#include "libtorrent-sys/src/lib.rs.h"

namespace leakhound {
namespace {

rust::Vec<uint8_t> copied(char const* from, std::size_t length) {
    rust::Vec<uint8_t> to;
    to.reserve(length);
    for (std::size_t at = 0; at < length; ++at) {
        to.push_back(static_cast<uint8_t>(from[at]));
    }
    return to;
}

template <typename Bytes>
rust::Vec<uint8_t> copied(Bytes const& bytes) {
    return copied(bytes.data(), static_cast<std::size_t>(bytes.size()));
}

Metainfo read(lt::torrent_info const& torrent) {
    Metainfo out;
    out.name = copied(torrent.name());
    auto const& hashes = torrent.info_hashes();
    if (hashes.has_v1()) out.info_hash_v1 = copied(hashes.v1);
    if (hashes.has_v2()) out.info_hash_v2 = copied(hashes.v2);
    out.piece_length = static_cast<uint32_t>(torrent.piece_length());
    lt::file_storage const& files = torrent.files();
    if (hashes.has_v1()) {
        out.pieces.reserve(static_cast<std::size_t>(torrent.num_pieces()) * 20);
        for (auto const piece : files.piece_range()) {
            for (char const byte : torrent.hash_for_piece(piece)) {
                out.pieces.push_back(static_cast<uint8_t>(byte));
            }
        }
    }
    for (auto const index : files.file_range()) {
        File file;
        file.path = copied(files.file_path(index));
        file.length = static_cast<uint64_t>(files.file_size(index));
        file.offset = static_cast<uint64_t>(files.file_offset(index));
        auto const flags = files.file_flags(index);
        file.is_padding = bool(flags & lt::file_storage::flag_pad_file);
        file.is_link = bool(flags & lt::file_storage::flag_symlink);
        if (hashes.has_v2() && files.root_ptr(index) != nullptr) {
            file.root = copied(files.root(index));
            file.layer = copied(torrent.piece_layer(index));
        }
        out.files.push_back(std::move(file));
    }
    return out;
}

}  // namespace

Metainfo parse(rust::Slice<const uint8_t> bytes, int32_t max_bytes, int32_t max_pieces,
               int32_t max_depth, int32_t max_tokens) {
    try {
        if (bytes.size() > static_cast<std::size_t>(max_bytes)) {
            throw std::length_error("it is longer than " + std::to_string(max_bytes) + " bytes");
        }
        lt::load_torrent_limits limits;
        limits.max_buffer_size = max_bytes;
        limits.max_pieces = max_pieces;
        limits.max_decode_depth = max_depth;
        limits.max_decode_tokens = max_tokens;
        lt::span<char const> const buffer(reinterpret_cast<char const*>(bytes.data()),
                                          static_cast<std::ptrdiff_t>(bytes.size()));
        return read(lt::torrent_info(buffer, limits, lt::from_span));
    } catch (std::exception const&) {
        throw;
    } catch (...) {
        // The bridge knows no others: they would end the process.
        throw std::runtime_error("libtorrent failed without saying why");
    }
}

}  // namespace leakhound
