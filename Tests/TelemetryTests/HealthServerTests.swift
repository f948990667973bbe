import Foundation
import Glibc
import NIOCore
import Synchronization
import Testing

@testable import Telemetry

private func answers(notReady: [String] = [], notAlive: [String] = [], metrics: String = "m 1\n") -> HealthServer.Answers {
    HealthServer.Answers(alive: { notAlive }, ready: { notReady }, metrics: { metrics })
}

/// Runs a server on a free port while `body` does.
private func withServer(
    _ answers: HealthServer.Answers = answers(), deadline: TimeAmount = .seconds(10),
    _ body: @escaping @Sendable (Int) async throws -> Void
) async throws {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let server = HealthServer(
        host: "127.0.0.1", port: 0, answers: answers, bound: { port.yield($0) }, deadline: deadline)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        var iterator = ports.makeAsyncIterator()
        let number = try #require(await iterator.next())
        try await body(number)
        group.cancelAll()
        try await group.waitForAll()
    }
}

/// Status line, headers and body as curl shows them with -i.
private func curl(_ port: Int, _ path: String, _ options: String...) async throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/curl")
    process.arguments = ["-sS", "-i", "--max-time", "10"] + options + ["http://127.0.0.1:\(port)\(path)"]
    let output = Pipe()
    process.standardOutput = output
    return try await withCheckedThrowingContinuation { continuation in
        process.terminationHandler = { _ in
            continuation.resume(returning: String(decoding: output.fileHandleForReading.availableData, as: UTF8.self))
        }
        do { try process.run() } catch { continuation.resume(throwing: error) }
    }
}

/// Sends raw bytes and reads until the peer closes, on a thread of its own (it blocks); also how long that took.
private func exchange(_ port: Int, _ bytes: String) async throws -> (answer: String, elapsed: Duration) {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try blockingExchange(port, bytes) })
        }
    }
}

private struct NotConnected: Error {}

private func blockingExchange(_ port: Int, _ bytes: String) throws -> (answer: String, elapsed: Duration) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard connected == 0 else { throw NotConnected() }
    let start = ContinuousClock.now
    _ = bytes.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 { answer += buffer.prefix(count) }
    return (String(decoding: answer, as: UTF8.self), ContinuousClock.now - start)
}

@Suite("The health server", .timeLimit(.minutes(1)))
struct HealthServerTests {
    @Test("livez, readyz and metrics answer on the port that was bound")
    func paths() async throws {
        try await withServer(answers(metrics: "# TYPE m gauge\nm 1\n")) { port in
            #expect(try await curl(port, "/livez").contains("200 OK"))
            #expect(try await curl(port, "/readyz?verbose").hasSuffix("\r\n\r\nok\n"))
            let metrics = try await curl(port, "/metrics")
            #expect(metrics.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"))
            #expect(metrics.hasSuffix("\r\n\r\n# TYPE m gauge\nm 1\n"))
        }
    }

    @Test("what is not ready answers 503 with the reasons, and livez is not concerned")
    func notReady() async throws {
        try await withServer(answers(notReady: ["database: not connected", "draining"])) { port in
            let answer = try await curl(port, "/readyz")
            #expect(answer.contains("503 Service Unavailable") && answer.hasSuffix("\r\n\r\ndatabase: not connected\ndraining\n"))
            #expect(try await curl(port, "/livez").contains("200 OK"))
        }
        try await withServer(answers(notAlive: ["the claim stage hangs"])) { port in
            let answer = try await curl(port, "/livez")
            #expect(answer.contains("503") && answer.hasSuffix("\r\n\r\nthe claim stage hangs\n"))
        }
    }

    @Test("other paths are 404, other methods 405, HEAD has no body")
    func refused() async throws {
        try await withServer { port in
            #expect(try await curl(port, "/").contains("404 Not Found"))
            #expect(try await curl(port, "/livez/").contains("404 Not Found"))
            let post = try await curl(port, "/metrics", "-X", "POST", "-d", "x")
            #expect(post.contains("405 Method Not Allowed") && post.contains("Allow: GET, HEAD"))
            let head = try await curl(port, "/metrics", "-I")
            #expect(head.contains("200 OK") && head.contains("Content-Length: 4") && head.hasSuffix("\r\n\r\n"))
        }
    }

    @Test("large requests and nonsense are refused, and the server lives on")
    func abuse() async throws {
        try await withServer { port in
            let body = String(repeating: "x", count: 20_000)
            #expect(
                try await exchange(port, "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n\(body)").answer
                    .contains(
                        "413"))
            let head = String(repeating: "a", count: 200_000)
            #expect(try await !exchange(port, "GET /livez HTTP/1.1\r\nX: \(head)\r\n\r\n").answer.contains("200 OK"))
            #expect(try await exchange(port, "\u{1}\u{2}nonsense\r\n\r\n").answer.contains("400"))
            let two = try await exchange(port, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                .answer
            #expect(two.split(separator: "HTTP/1.1 200").count == 1, "one request per connection")
            #expect(try await curl(port, "/livez").contains("200 OK"))
        }
    }

    @Test("a request that is never finished, and a check that never answers, are cut off at the deadline")
    func slow() async throws {
        var hanging = answers()
        hanging.ready = {
            // It never answers; no request waits for it any more when the test ends.
            do { try await Task.sleep(for: .seconds(86_400)) } catch {}
            return []
        }
        try await withServer(hanging, deadline: .milliseconds(300)) { port in
            for bytes in ["GET /livez HT", "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"] {
                let (answer, elapsed) = try await exchange(port, bytes)
                // Nothing else ends either: the one is never finished, the other never answered.
                #expect(!answer.contains("200") && elapsed >= .milliseconds(200), "\(elapsed) \(answer)")
            }
        }
    }

    @Test("a cancelled server gives its port back, and a taken port is an error")
    func port() async throws {
        let port = Mutex(0)
        try await withServer(answers(metrics: "only_here 1\n")) { number in
            port.withLock { $0 = number }
            let second = HealthServer(port: number, ready: { [] }, metrics: { "" })
            await #expect(throws: (any Error).self) { try await second.run() }
        }
        let freed = port.withLock { $0 }
        do {
            // Somebody else may have been given the port meanwhile: then it is not ours that answers.
            let answer = try await exchange(freed, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").answer
            #expect(!answer.contains("only_here"))
        } catch is NotConnected {
            // What one expects.
        }
    }
}
