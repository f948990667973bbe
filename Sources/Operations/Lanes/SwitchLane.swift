import Store
import Text

/// Stops workers from claiming messages of a lane, or lets them claim again. What is leased already is still sent; PostgreSQL writes the audit.
public struct SwitchLane: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var lane: Int
        public var isPaused: Bool
        public var json: JSONValue { ["lane": .int(lane), "paused": .bool(isPaused)] }
    }

    public var lane: Int
    public var isPaused: Bool
    public var why: String
    public init(lane: Int, isPaused: Bool, why: String) {
        self.lane = lane
        self.isPaused = isPaused
        self.why = why
    }

    public func perform(in context: OperationContext) async throws -> Output {
        if isPaused {
            try await context.run(PauseLane(lane: lane, why: why))
        } else {
            try await context.run(ResumeLane(lane: lane, why: why))
        }
        return Output(lane: lane, isPaused: isPaused)
    }
}
