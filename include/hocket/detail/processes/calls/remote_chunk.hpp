#pragma once

#include <string>
#include <utility>
#include <vector>

#include <hocket/detail/processes/calls/remote_function.hpp>
#include <hocket/detail/threads/ordered_map.hpp>

namespace hocket::detail {

/// Packs the exception into bytes that can be sent to another process.
[[nodiscard]] std::string exception_to_bytes(const std::exception_ptr& error);
[[nodiscard]] std::exception_ptr exception_from_bytes(const std::string& bytes);

/// A MapChunk that can be sent to another process.
template <class R> class RemoteChunk {
public:
    RemoteChunk() = default;
    explicit RemoteChunk(MapChunk<R> chunk)
        : values_(std::move(chunk.values)),
          error_(chunk.error ? exception_to_bytes(chunk.error) : std::string()) {}
    operator MapChunk<R>() && { // NOLINT(google-explicit-constructor): the same data
        MapChunk<R> chunk(std::move(values_));
        chunk.error = error_.empty() ? nullptr : exception_from_bytes(error_);
        return chunk;
    }

    template <class Packer> void msgpack_pack(Packer& packer) const {
        packer.pack_array(2);
        pack_value(packer, values_);
        packer.pack(error_);
    }
    void msgpack_unpack(const msgpack::object& object) {
        values_ = unpack_value<std::vector<R>>(object.via.array.ptr[0]);
        error_ = object.via.array.ptr[1].as<std::string>();
    }

private:
    std::vector<R> values_;
    std::string error_;
};

/// Called by a worker for each chunk of a map. Not a function, because that would have to be looked
/// up for every chunk.
template <class F, class Item> struct MapChunkRemotely {
    RemoteChunk<MapValue<F, Item>> operator()(const CarriedFunction<F>& carried,
                                              std::vector<Item> items) const {
        F function = carried.get();
        return RemoteChunk<MapValue<F, Item>>(map_chunk(function, std::move(items)));
    }
};

} // namespace hocket::detail
