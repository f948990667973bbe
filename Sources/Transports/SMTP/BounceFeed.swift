import Callbacks
import Domain
import Logging
import NIOPosix

/// Reads reports out of a maildir, hands them to `ProviderEventSink`, and puts them away once they are durable.
///
/// A crash between the two gives the same report once more; so do two workers that share the folder.
struct BounceFeed: Sendable {
    let maildir: Maildir
    let poll: Duration
    let reader: ReportReader
    let events: any ProviderEventSink
    let logger: Logger

    /// Messages that are read before their events are recorded.
    static let batch = 100
    private static let longestPause = Duration.seconds(60)

    /// Until cancelled. Nothing ends it: a folder that is not there may come, a database that is away comes back.
    func run() async {
        var pause = poll
        var logged: String?
        while !Task.isCancelled {
            do {
                let count = try await pass()
                pause = count == Self.batch ? .zero : poll
                logged = nil
            } catch {
                pause = min(max(pause, poll) * 2, max(Self.longestPause, poll))
                // Every worker has the provider's policy, few have the folder.
                if logged != "\(error)", !Task.isCancelled {
                    logger.warning("reports about mail cannot be read", metadata: ["error": "\(error)"])
                }
                logged = "\(error)"
            }
            // Throws when it is cancelled, and the loop ends.
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    private struct Report: Sendable {
        var name: String
        var reading: ReportReader.Reading
    }

    /// One batch; its size.
    /// - Throws: what `events` throws, `Maildir.Problem`.
    func pass() async throws -> Int {
        let reports = try await NIOThreadPool.singleton.runIfActive { [maildir, reader] in
            try maildir.new(atMost: Self.batch).compactMap { name in
                maildir.read(name, atMost: ReportReader.longest).map { Report(name: name, reading: reader.read($0)) }
            }
        }
        let found = reports.flatMap { report -> [ProviderEvent] in
            switch report.reading {
            case .events(let events), .unclear(let events): events
            case .autoReply, .foreign, .unreadable: []
            }
        }
        if !found.isEmpty { try await events.record(found) }
        try await NIOThreadPool.singleton.runIfActive { [maildir] in
            for report in reports { try maildir.putAway(report.name, Self.flag(report.reading)) }
        }
        let strange = reports.filter { Self.flag($0.reading) == .flagged }
        if !strange.isEmpty {
            logger.notice(
                "mail to the return path that a person must read was flagged",
                metadata: ["count": "\(strange.count)", "first": "\(strange[0].name)", "folder": "\(maildir.path)"])
        }
        return reports.count
    }

    private static func flag(_ reading: ReportReader.Reading) -> Maildir.Flag {
        switch reading {
        case .events, .autoReply: .seen
        case .unclear, .foreign, .unreadable: .flagged
        }
    }
}
