import Glibc
import Synchronization

/// A TCP proxy on 127.0.0.1 between a client under test and a server, that can misbehave.
public final class TCPProxy: Sendable {
    public enum Behaviour: Sendable {
        case forward
        /// Reads what either side sends and forwards nothing: a frozen peer whose kernel still answers.
        case swallow
        /// Closes both sides when the server answers; the answer is lost although the server has done its work.
        case cutAtAnswer
    }

    public let port: Int
    private let target: UInt16
    private let listener: Int32
    private let behaviour = Mutex(Behaviour.forward)
    private let pairs = Mutex<[(Int32, Int32)]>([])

    /// Forwards to `127.0.0.1:target`.
    public init(to target: Int, listeningOn port: Int? = nil) throws {
        self.port = try port ?? freePort()
        self.target = UInt16(target)
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        guard Self.withAddress(UInt16(self.port), { Glibc.bind(listener, $0, $1) }) == 0, Glibc.listen(listener, 64) == 0 else {
            throw ChildFailure(what: "the proxy cannot listen")
        }
        Self.thread { [self] in accept() }
    }

    public func set(_ behaviour: Behaviour) { self.behaviour.withLock { $0 = behaviour } }

    /// Ends every connection; new ones are accepted as before.
    public func cut() {
        pairs.withLock { pairs in
            for (client, server) in pairs {
                shutdown(client, Int32(SHUT_RDWR))
                shutdown(server, Int32(SHUT_RDWR))
            }
        }
    }

    /// Stops listening and ends every connection.
    public func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { break }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard Self.withAddress(target, { Glibc.connect(server, $0, $1) }) == 0 else {
                Glibc.close(server)
                Glibc.close(client)
                continue
            }
            pairs.withLock { $0.append((client, server)) }
            Self.thread { [self] in pump(client, server, answers: false) }
            Self.thread { [self] in pump(server, client, answers: true) }
        }
        Glibc.close(listener)
    }

    /// Descriptors are shut down, not closed: the number may not be reused while the other direction's thread has it.
    private func pump(_ source: Int32, _ target: Int32, answers: Bool) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(source, &buffer, buffer.count)
            if count <= 0 { break }
            switch behaviour.withLock({ $0 }) {
            case .swallow: continue
            case .cutAtAnswer where answers:
                shutdown(source, Int32(SHUT_RDWR))
                shutdown(target, Int32(SHUT_RDWR))
                return
            default: break
            }
            var sent = 0
            while sent < count {
                let written = buffer.withUnsafeBytes {
                    send(target, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL))
                }
                if written <= 0 { return shut(source, target) }
                sent += written
            }
        }
        shut(source, target)
    }

    private func shut(_ source: Int32, _ target: Int32) {
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    private static func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = port.bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(Box(body)).toOpaque())
        pthread_detach(thread)
    }
}
