import ArgumentParser
import Domain
import Foundation
import Synchronization
import Transports

/// Hands messages to one provider's transport as fast as its window allows: no queue, no database.
struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure one transport against a peer, without PostgreSQL.")
    @Option(help: "smpp, smtp, http or sandbox.") var transport: String
    @Option(help: "Unanswered submissions at once.") var window = 10
    @Option(help: "How many messages.") var count = 10_000
    @Option(name: .customLong("option"), help: "An option of the transport, NAME=VALUE; may be repeated.") var options: [String] =
        []

    func run() async throws {
        var given: [String: String] = [:]
        for option in options {
            let pair = option.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2 else { throw ValidationError("--option \(option): write NAME=VALUE") }
            given[pair[0]] = pair[1]
        }
        let policy = ProviderPolicy(
            name: "peer", transport: transport, channels: [transport == "smtp" ? .email : .sms], window: window,
            sendWithin: .seconds(30), timeout: .seconds(60), options: given)
        let peer = try TransportFactory.make(policy)
        let loop = Task { try await peer.run() }
        // Connections are made and warm before the clock runs.
        _ = await submit(min(count, window * 2), to: peer)
        let before = cpuSeconds()
        let started = ContinuousClock.now
        let (accepted, times) = await submit(count, to: peer)
        let seconds = (ContinuousClock.now - started).inLoadSeconds
        let cpu = (cpuSeconds() - before) / Double(count) * 1_000_000
        await peer.drain()
        loop.cancel()
        _ = await loop.result
        report("submit_\(transport)_\(window)", Double(accepted) / seconds, "messages/s", "\(accepted) of \(count) accepted")
        report("submit_p50", percentile(times, 50), "ms", "from the first byte to the answer")
        report("submit_p99", percentile(times, 99), "ms")
        report("submit_cpu", cpu, "µs/message")
        guard accepted == count else { throw ExitCode(1) }
    }

    private final class Tally: Sendable {
        struct State {
            var accepted = 0
            var times: [Double] = []
            var first: Outcome?
        }
        let state = Mutex(State())
    }

    /// Keeps the window full until all are answered; how many were accepted, and the sorted latencies in milliseconds.
    private func submit(_ count: Int, to peer: any Transport) async -> (Int, [Double]) {
        let (answers, continuation) = AsyncStream<Int>.makeStream()
        let tally = Tally()
        let content = rendered
        var next = 0
        func hand(_ places: Int) {
            let now = ContinuousClock.now
            let batch = (next..<min(count, next + places)).map { n in
                Submission(
                    messageID: MessageID(Int64(n + 1)), attempt: 1,
                    to: transport == "smtp" ? "r\(n)@example.test" : "+8613900000000",
                    rendered: content, sendBy: now + .seconds(30), answerBy: now + .seconds(60), validity: .seconds(3600))
            }
            next += batch.count
            guard !batch.isEmpty else { return }
            peer.submit(batch) { results in
                tally.state.withLock { state in
                    for result in results {
                        state.times.append(result.latency.inLoadSeconds * 1000)
                        if case .accepted = result.outcome {
                            state.accepted += 1
                        } else {
                            state.first = state.first ?? result.outcome
                        }
                    }
                }
                continuation.yield(results.count)
            }
        }
        hand(window)
        var answered = 0
        for await places in answers {
            answered += places
            if answered == count { break }
            hand(places)
        }
        return tally.state.withLock { state in
            if let first = state.first { print("first that was not accepted\t\(first)") }
            return (state.accepted, state.times.sorted())
        }
    }

    /// A text of one part, or a mail of 1 KiB.
    private var rendered: RenderedMessage {
        let text = "Hello Ada, your order LOAD-1 over 129.90 EUR is on its way: https://shop.example/o/1"
        guard transport == "smtp" else {
            let sms = SMSText(text: text, encoding: .gsm7, parts: [text], units: text.utf8.count)
            return RenderedMessage(content: .sms(sms), from: "Shop", templateVersion: 1)
        }
        let body = String(repeating: text + "\n", count: 12)
        return RenderedMessage(
            content: .email(EmailContent(subject: "Your order", text: body)), from: "shop@example.test", templateVersion: 1)
    }

    private func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
