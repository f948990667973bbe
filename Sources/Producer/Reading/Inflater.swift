import CZlib

/// gzip (RFC 1952) to bytes: any number of members one behind the other, at most 64 KiB of output a step, whatever the ratio.
final class Inflater {
    struct Fault: Error { var problem: String }

    // At a fixed address: zlib keeps a pointer back to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: [UInt8] = []
    private var offset = 0
    private var isBetweenMembers = false
    /// The last step filled its output: there may be more without further input.
    private var hasMore = false

    init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, +16: gzip and nothing else.
        if inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) != Z_OK {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    var wantsInput: Bool { offset == input.count && !hasMore }
    /// What is wrong if nothing more comes.
    var problemAtEnd: String? { isBetweenMembers ? nil : "the gzip data ends in the middle; it was cut off" }

    func give(_ bytes: [UInt8]) {
        input = bytes
        offset = 0
    }

    /// Some output, perhaps none.
    func step() -> Result<[UInt8], Fault> {
        if isBetweenMembers {
            // Tapes and some tools pad with zeros.
            while offset < input.count, input[offset] == 0 { offset += 1 }
            guard offset < input.count else { return .success([]) }
            guard input[offset] == 0x1F else {
                return .failure(Fault(problem: "something that is not gzip follows the gzip data"))
            }
            inflateReset(stream)
            isBetweenMembers = false
        }
        var status: Int32 = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: ByteSource.stepSize) { buffer, count in
            input.withUnsafeMutableBufferPointer { source in
                stream.pointee.next_in = source.baseAddress.map { $0 + offset }
                stream.pointee.avail_in = UInt32(source.count - offset)
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(buffer.count)
                status = inflate(stream, Z_NO_FLUSH)
                offset = source.count - Int(stream.pointee.avail_in)
            }
            count = buffer.count - Int(stream.pointee.avail_out)
            // Both buffers may move from here on.
            (stream.pointee.next_in, stream.pointee.next_out) = (nil, nil)
        }
        hasMore = status == Z_OK && stream.pointee.avail_out == 0
        switch status {
        case Z_STREAM_END: isBetweenMembers = true
        // Z_BUF_ERROR: no progress without more input.
        case Z_OK, Z_BUF_ERROR: break
        default: return .failure(Fault(problem: "the gzip data is damaged (zlib \(status))"))
        }
        return .success(output)
    }
}
