import Domain
import Logging
import Store
import Synchronization
import Telemetry

/// Turns members of runs into messages of the queue, chunk by chunk, when their time has come; and says what became of codes. A duty of any worker: the
/// chunks' rows are locked, so that two at once take two chunks, and a worker that dies leaves a chunk that was never begun.
public struct Releaser: Sendable {
    /// Messages that may wait in a lane before a run without a pace waits too: a few seconds of what providers take.
    public static let room: Int32 = 20_000
    private let database: Database
    private let meters: Meters
    private let logger: Logger
    private let walk = Walk()

    public init(database: Database, meters: Meters, logger: Logger) {
        self.database = database
        self.meters = meters
        self.logger = logger
    }

    /// Releases one chunk. True: there may be more.
    public func round() async throws -> Bool {
        guard let answer = try await database.run(ReleaseChunk(room: Self.room)) else {
            let closed = try await database.run(CloseRuns())
            if closed > 0 { logger.info("runs of campaigns are released", metadata: ["runs": "\(closed)"]) }
            return false
        }
        guard answer.event == "released" else {
            meters.count("martlet_runs_paused_total", [("reason", answer.event)])
            logger.error(
                "a run of a campaign stands still; martlet campaigns list says why",
                metadata: ["run": "\(answer.run)", "reason": "\(answer.event)"])
            return true
        }
        meters.count("martlet_members_released_total", by: Int(answer.released))
        meters.count("martlet_members_skipped_total", by: Int(answer.skipped))
        return true
    }

    /// Looks at codes whose messages are on their way: some at a time, from the oldest to the newest and over again. True: there are more.
    public func settleCodes() async throws -> Bool {
        let next = try await database.run(SettleCodes(after: walk.place.withLock { $0 }))
        walk.place.withLock { $0 = next ?? 0 }
        return next != nil
    }

    private final class Walk: Sendable {
        let place = Mutex<Int64>(0)
    }
}
