// Reads a .torrent file with libtorrent's own parser. There is no session: nothing here opens a socket, a thread
// or a file.

#include "metainfo.h"

#include <stdexcept>
#include <string>
#include <unordered_map>

#include <libtorrent/bdecode.hpp>
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

// Adds one part of a path to a key. Paths that libtorrent takes for the same have the same key: only letters in lower case,
// digits and characters of other scripts count, without direction marks and invalid UTF-8.
void add_key(std::string& key, lt::string_view part) {
    for (std::size_t at = 0; at < part.size(); ++at) {
        auto const byte = static_cast<unsigned char>(part[at]);
        if (byte >= 'A' && byte <= 'Z') {
            key += static_cast<char>(byte + 32);
        } else if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9')) {
            key += static_cast<char>(byte);
        } else if (byte >= 0xc3 && byte < 0xf0 && byte != 0xe2) {
            std::size_t const length = byte < 0xe0 ? 2 : 3;
            bool whole = at + length <= part.size();
            for (std::size_t next = 1; whole && next < length; ++next) {
                whole = (static_cast<unsigned char>(part[at + next]) & 0xc0) == 0x80;
            }
            if (!whole) continue;
            key.append(part.data() + at, length);
            at += length - 1;
        }
    }
    key += '/';
}

// libtorrent renames files with the same path and tries every number for each, which takes hours if there are many.
void check_paths(lt::bdecode_node const& torrent, int32_t max_alike) {
    if (torrent.type() != lt::bdecode_node::dict_t) return;
    lt::bdecode_node const info = torrent.dict_find_dict("info");
    if (!info) return;
    lt::bdecode_node const files = info.dict_find_list("files");
    if (!files) return;
    std::unordered_map<std::string, int32_t> seen;
    for (int at = 0; at < files.list_size(); ++at) {
        lt::bdecode_node const file = files.list_at(at);
        if (file.type() != lt::bdecode_node::dict_t) continue;
        lt::bdecode_node path = file.dict_find_list("path.utf-8");
        if (!path) path = file.dict_find_list("path");
        if (!path) continue;
        std::string key;
        for (int part = 0; part < path.list_size(); ++part) {
            lt::bdecode_node const name = path.list_at(part);
            if (name.type() == lt::bdecode_node::string_t) add_key(key, name.string_value());
        }
        if (++seen[key] > max_alike) {
            throw std::length_error("it has more than " + std::to_string(max_alike) + " files of nearly the same path");
        }
    }
}

Metainfo read(lt::torrent_info const& torrent, int64_t max_path_bytes) {
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
    int64_t path_bytes = 0;
    for (auto const index : files.file_range()) {
        File file;
        file.path = copied(files.file_path(index));
        path_bytes += static_cast<int64_t>(file.path.size());
        if (path_bytes > max_path_bytes) {
            throw std::length_error("its paths have more than " + std::to_string(max_path_bytes) + " bytes");
        }
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
               int32_t max_depth, int32_t max_tokens, int32_t max_alike, int64_t max_path_bytes) {
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
        lt::error_code error;
        int position = 0;
        lt::bdecode_node const torrent = lt::bdecode(buffer, error, &position, max_depth, max_tokens);
        if (error) throw std::runtime_error(error.message());
        check_paths(torrent, max_alike);
        return read(lt::torrent_info(torrent, limits), max_path_bytes);
    } catch (std::exception const&) {
        throw;
    } catch (...) {
        // The bridge catches std::exception only: any other would end the process.
        throw std::runtime_error("libtorrent failed without saying why");
    }
}

}  // namespace leakhound
