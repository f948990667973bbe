import CLibPQ

/// The most statements kept prepared on one connection; further ones are parsed every time.
private let preparedLimit = 1_000

extension PQConnection {
    /// Hands a group to libpq and the kernel. Statements not yet prepared go ahead in groups of their own, in the same round trip: an
    /// error of another call cannot keep them from being prepared.
    func send(_ group: CallGroup) {
        guard let handle else {
            return group.finish(.failure(group.lost(closedBecause, sent: false)))
        }
        for call in group.calls {
            group.statements.append(statement(for: call, of: group))
        }
        guard self.handle != nil else {
            return group.finish(.failure(group.lost(closedBecause, sent: false)))
        }
        if sent.isEmpty { _ = notices.take() }
        sent.append(group)
        for (call, statement) in zip(group.calls, group.statements) {
            guard dispatch(call, statement) == 1 else { return end(libpqMessage()) }
        }
        guard PQpipelineSync(handle) == 1 else { return end(libpqMessage()) }
        flush()
    }

    /// The prepared statement for a call, after asking the server for it if it is new; nil when the call is to be parsed every time.
    private func statement(for call: PQCall, of user: CallGroup) -> PreparedStatement? {
        guard call.isPrepared, options.preparesStatements, let handle else { return nil }
        let key = PreparedStatement.Key(name: call.name, sql: call.sql, types: call.params.types)
        if let known = prepared[key] { return known }
        guard prepared.count < preparedLimit else { return nil }
        let statement = PreparedStatement(key: key, serverName: key.serverName + (stalePlans == 0 ? "" : "_\(stalePlans)"))
        let group = CallGroup(
            id: nextID, calls: [call], deadline: user.deadline, allowed: user.allowed, isShielded: true)
        nextID += 1
        group.preparing = statement
        prepared[key] = statement
        if sent.isEmpty { _ = notices.take() }
        sent.append(group)
        let status = PQsendPrepare(
            handle, statement.serverName, call.leadingComment + call.sql, Int32(call.params.count), call.params.types)
        guard status == 1, PQpipelineSync(handle) == 1 else {
            end(libpqMessage())
            return nil
        }
        return statement
    }

    private func dispatch(_ call: PQCall, _ statement: PreparedStatement?) -> Int32 {
        let count = call.params.count
        if count == 0 {
            guard let statement else {
                return PQsendQueryParams(handle, call.leadingComment + call.sql, 0, nil, nil, nil, nil, 1)
            }
            return PQsendQueryPrepared(handle, statement.serverName, 0, nil, nil, nil, 1)
        }
        return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                withBytes(of: call) { bytes in
                    for (index, slot) in call.params.slots.enumerated() {
                        let value = slot.length < 0 ? nil : bytes + Int(slot.offset)
                        values.initializeElement(at: index, to: value)
                        numbers.initializeElement(at: index, to: max(0, slot.length))
                        numbers.initializeElement(at: count + index, to: 1)
                    }
                    let lengths = numbers.baseAddress!
                    let formats = lengths + count
                    guard let statement else {
                        return PQsendQueryParams(
                            handle, call.leadingComment + call.sql, Int32(count), call.params.types, values.baseAddress!, lengths,
                            formats, 1)
                    }
                    return PQsendQueryPrepared(
                        handle, statement.serverName, Int32(count), values.baseAddress!, lengths, formats, 1)
                }
            }
        }
    }

    /// The buffer is never nil: libpq reads a nil value as SQL NULL, and an empty Swift buffer has no address.
    private func withBytes<R>(of call: PQCall, _ body: (UnsafePointer<CChar>) -> R) -> R {
        call.params.bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else {
                var nothing: CChar = 0
                return withUnsafePointer(to: &nothing) { body($0) }
            }
            return body(base.assumingMemoryBound(to: CChar.self))
        }
    }

    /// Writes what the kernel takes; the loop calls again when it takes more.
    func flush() {
        guard let handle, let channel else { return }
        let pending = PQflush(handle)
        if pending < 0 { return end(libpqMessage()) }
        let events = pending == 1 ? EPOLLIN.rawValue | EPOLLOUT.rawValue : EPOLLIN.rawValue
        loop.watch(channel, PQsocket(handle), events)
    }

    func libpqMessage() -> String {
        if let farewell = notices.farewell { return farewell }
        guard let handle else { return closedBecause }
        let text = String(cString: PQerrorMessage(handle)).trimmed
        return text.isEmpty ? "the server closed the connection" : text
    }
}
