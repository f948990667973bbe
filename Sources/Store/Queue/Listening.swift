import Postgres

extension StoreConnection {
    /// Why an enqueue cannot wake this session; nil: it can. A pooler gives a number of its own for the process that answers.
    public func whyNotWoken() async throws -> String? {
        let answer = try await run(MayNotify())
        if await connection.backendPID != answer.process { return "a pooler stands between" }
        return answer.isAllowed ? nil : "max_prepared_transactions is not 0, and a transaction that notifies cannot be prepared"
    }

    /// One element for each time that enqueues have woken this session, until the connection ends or the reader stops: the lane that a message has
    /// come into; nil: any.
    public func notifications() async throws -> some AsyncSequence<Int16?, Never> & Sendable {
        do { return try await connection.listen(to: WatchQueue.channel).map { Int16($0.payload) } } catch let error as PQError {
            throw StoreError(error)
        }
    }

    /// Enqueues wake this session again, or no longer, after `notifications`.
    public func setListening(_ listens: Bool) async throws {
        let call = PQCall("listen", "\(listens ? "listen" : "unlisten") \(WatchQueue.channel)", prepared: false)
        do { _ = try await connection.query(call, within: .seconds(5)) } catch let error as PQError { throw StoreError(error) }
    }
}
