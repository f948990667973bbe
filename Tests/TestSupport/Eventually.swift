/// Polls a condition until it holds, or throws when the deadline has passed.
public func eventually(
    within timeout: Duration = .seconds(10), poll: Duration = .milliseconds(10), _ what: String = "condition",
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + timeout
    while true {
        if try await condition() { return }
        guard clock.now < end else { throw NeverHappened(what: what, timeout: timeout) }
        try await clock.sleep(for: poll)
    }
}

public struct NeverHappened: Error, CustomStringConvertible {
    public let what: String
    public let timeout: Duration
    public var description: String { "within \(timeout) this did not happen: \(what)" }
}
