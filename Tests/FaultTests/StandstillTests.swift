import Foundation
import Glibc
import PipelineSupport
import Postgres
import TestSupport
import Testing

extension Faults {
    @Suite("A worker that stands still between the admission and the first byte")
    struct StandstillTests {
        /// A server whose queue of connections is full until it gets SIGUSR1: every client that connects waits for it in the kernel.
        private struct SlowServer {
            private static let script = """
                import select, signal, socket, sys, threading
                kind = sys.argv[1]
                listener = socket.socket()
                listener.bind(("127.0.0.1", 0))
                listener.listen(0)
                fillers = []
                for _ in range(20):  # until one of them has to wait
                    filler = socket.socket()
                    filler.setblocking(False)
                    filler.connect_ex(listener.getsockname())
                    fillers.append(filler)
                    if not select.select([], [filler], [], 0.3)[1]: break
                else: sys.exit("the queue of connections is never full")
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
                print("port", listener.getsockname()[1], *[filler.getsockname()[1] for filler in fillers], flush=True)
                signal.sigwait([signal.SIGUSR1])
                ours = {filler.getsockname() for filler in fillers}
                for filler in fillers: filler.close()

                def serve(line):
                    print("connected", flush=True)
                    if kind == "smtp": line.sendall(b"220 hub\\r\\n")
                    while data := line.recv(65536):
                        print("got", data[:60], flush=True)
                        if kind == "smtp": line.sendall(b"250 ok\\r\\n" * data.count(b"\\r\\n"))
                        if kind == "smpp" and data[7] == 9: line.sendall(bytes([0, 0, 0, 17, 0x80, 0, 0, 9, 0, 0, 0, 0]) + data[12:16] + b"\\0")
                    print("closed", flush=True)

                while True:
                    line, peer = listener.accept()
                    if peer in ours: line.close()
                    else: threading.Thread(target=serve, args=[line], daemon=True).start()
                """
            let process: ChildProcess
            let port: Int

            init(_ kind: String) async throws {
                let child = try PythonTool.start(["-c", Self.script, kind])
                process = child
                try await eventually(within: .seconds(20), "the server listens") { child.output.contains("\n") }
                port = try #require(child.output.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
            }

            /// Somebody waits for a connection: SYN_SENT to our port in the kernel's table.
            var isAwaited: Bool {
                let table = String(decoding: FileManager.default.contents(atPath: "/proc/net/tcp") ?? Data(), as: UTF8.self)
                func end(_ port: Int) -> String {
                    let digits = String(port, radix: 16, uppercase: true)
                    return ":" + String(repeating: "0", count: 4 - digits.count) + digits
                }
                let fillers =
                    process.output.split(separator: "\n").first?.split(separator: " ").dropFirst(2).compactMap { Int($0) } ?? []
                return table.split(separator: "\n").contains { line in
                    let fields = line.split(whereSeparator: \.isWhitespace)
                    return fields.count > 9 && fields[2].hasSuffix(end(port)) && fields[3] == "02"
                        && !fillers.contains { fields[1].hasSuffix(end($0)) }
                }
            }
        }

        private static func options(_ kind: String, _ port: Int) -> String {
            switch kind {
            case "http":
                "url: http://127.0.0.1:\(port)/send\n      in_clear: true\n      allow_private: true\n      body: '{\"to\": \"{to}\", \"t\": \"{text}\"}'"
            case "smtp": "host: 127.0.0.1\n      port: \(port)\n      tls: \"off\""
            default: "host: 127.0.0.1\n      port: \(port)\n      tls: \"off\"\n      system_id: shop\n      connect_timeout: 60s"
            }
        }

        @Test(
            "what was admitted and not begun leaves no byte when the worker goes on after send_by, by whatever transport",
            .timeLimit(.minutes(3)), arguments: ["http", "smtp", "smpp"])
        func standstill(kind: String) async throws {
            let server = try await SlowServer(kind)
            let channel = kind == "smtp" ? "email" : "sms"
            let policy = ShopPolicy {
                $0.moreProviders =
                    "  slow:\n    transport: \(kind)\n    channels: [\(channel)]\n    send_within: 2s\n    timeout: 2s\n    options:\n      \(Self.options(kind, server.port))\n"
                $0.moreRoutes = "  - {provider: slow, channel: \(channel)}\n"
            }
            try await Shop.with(policy) { shop in
                let worker = try WorkerProgram.start(in: shop)
                try await eventually(within: .seconds(30), "the worker works") { worker.output.contains("working") }
                let message = try await shop.enqueue(
                    "otp", to: kind == "smtp" ? "ann@example.com" : "+447700900001",
                    arguments: "expires_at => clock_timestamp() + interval '5 seconds'", channel: channel)
                do {
                    try await eventually(
                        within: .seconds(10), poll: .milliseconds(5), "it is admitted, and a connection is awaited"
                    ) {
                        try await shop.number("select count(*) from martlet_data.attempts where message_id = \(message)") == 1
                            && server.isAwaited
                    }
                } catch {
                    throw ChildFailure(
                        what: "\(error): \(try await shop.states()) \(server.process.output) \(worker.output.suffix(3000))")
                }
                worker.kill(SIGSTOP)
                try await eventually(within: .seconds(5), poll: .milliseconds(1), "the worker stands still") { worker.isStopped }
                #expect(!server.process.output.contains("connected"))
                server.process.kill(SIGUSR1)
                try await eventually(within: .seconds(30), "the kernel connects") { server.process.output.contains("connected") }
                try await eventually(within: .seconds(30), "both its times are over") {
                    try await shop.number(
                        "select count(*) from martlet_data.messages m join martlet_data.attempts a on a.message_id = m.id where greatest(a.send_by, m.expires_at) < clock_timestamp() - interval '200 milliseconds'"
                    ) == 1
                }
                worker.kill(SIGCONT)
                try await shop.settle(within: .seconds(60))
                #expect(try await worker.terminate() == 0, "\(worker.output)")
                let states = try await shop.states()
                #expect(states == ["expired": 1], "\(states)")
                let got = server.process.output.split(separator: "\n").filter { $0.hasPrefix("got") }
                // Greetings and binds say nothing of the message.
                let sent = got.filter { line in
                    switch kind {
                    case "http": true
                    case "smtp": line.contains("MAIL")
                    default: !line.contains(#"\t"#) && !line.contains(#"\x00\x06"#) && !line.contains(#"\x00\x15"#)
                    }
                }
                #expect(sent.isEmpty, "\(got)")
            }
        }
    }
}
