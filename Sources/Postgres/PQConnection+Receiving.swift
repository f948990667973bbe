import CLibPQ

extension PQConnection {
    /// The loop found the socket ready.
    func socketReady(_ events: UInt32) {
        guard let handle else { return }
        if let waiter = socketWaiter {
            return waiter.ready(handle, events)
        }
        // Reading now would take the data away from PQconnectPoll, which then waits for more.
        if isConnecting { return }
        if events & EPOLLOUT.rawValue != 0 { flush() }
        guard self.handle != nil else { return }
        let alive = PQconsumeInput(handle) == 1
        readAnswers()
        deliverNotifications()
        guard self.handle != nil else { return }
        if !alive || PQstatus(handle) == CONNECTION_BAD { return end(libpqMessage()) }
        flush()
    }

    /// Takes every answer libpq has complete.
    func readAnswers() {
        while let group = sent.first, let handle, PQisBusy(handle) == 0 {
            guard let result = PQgetResult(handle) else {
                // One nil ends the answer to a call; two in a row mean that libpq and we disagree.
                if group.isBoundary {
                    return end(PQstatus(handle) == CONNECTION_BAD ? libpqMessage() : "answers out of step")
                }
                group.isBoundary = true
                group.position += 1
                continue
            }
            group.isBoundary = false
            if PQresultStatus(result) == PGRES_PIPELINE_SYNC {
                PQclear(result)
                sent.removeFirst()
                synced(group)
            } else {
                take(result, for: group)
            }
        }
        if sent.isEmpty {
            if let closeAfterCommits { return end(closeAfterCommits) }
            advanceWaiting()
        }
    }

    private func take(_ result: OpaquePointer, for group: CallGroup) {
        let warnings = notices.take()
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            let isAtCall = group.position < group.calls.count
            let call = group.calls[min(group.position, group.calls.count - 1)]
            let rows = PQRows(result: result, statement: call.name)
            group.rows.append(rows)
            if isAtCall, call.kind == .commit, group.preparing == nil { checkCommit(rows, warnings, group) }
        case PGRES_PIPELINE_ABORTED:
            PQclear(result)
        case PGRES_FATAL_ERROR:
            refuse(result, group)
        case let status:
            let name = String(cString: PQresStatus(status))
            PQclear(result)
            end("\(group.name) was answered with \(name), which has no place in a pipeline")
        }
    }

    /// A COMMIT that was answered is a commit only without a warning and with the right tag.
    private func checkCommit(_ rows: PQRows, _ warnings: [String], _ group: CallGroup) {
        group.commitAnswered = true
        guard group.error == nil else { return }
        if rows.commandTag == "ROLLBACK" {
            group.error = .rolledBack(statement: group.name)
        } else if rows.commandTag != "COMMIT" {
            group.error = .commitUnknown(statement: group.name, cause: "the server answered \(rows.commandTag) to COMMIT")
        } else if let warning = warnings.first {
            group.error = .commitUnknown(statement: group.name, cause: "the server warned: \(warning)")
        }
    }

    private func refuse(_ result: OpaquePointer, _ group: CallGroup) {
        defer { PQclear(result) }
        let isAtSync = group.position >= group.calls.count
        let call = group.calls[min(group.position, group.calls.count - 1)]
        let severity = errorField(result, PQDiagnostic.severity)
        // FATAL, or made up by libpq because the socket is gone: not a refusal but an end, of which the connection tells.
        if severity == nil || severity == "FATAL" || severity == "PANIC" {
            if severity != nil { farewell(String(cString: PQresultErrorMessage(result)).trimmed) }
            return
        }
        guard group.error == nil else { return }
        var error = PQServerError(result, statement: isAtSync ? "commit of \(group.name)" : call.name)
        if let position = error.position { error.position = max(1, position - call.leadingComment.count) }
        group.error = .server(error)
        guard !isAtSync, group.preparing == nil, let statement = group.statements[group.position] else { return }
        if error.sqlstate == "26000" {
            error.hint = Self.mixedUp
            group.error = statement.failure ?? .server(error)
        } else if error.sqlstate == "25P02", let failure = statement.failure {
            group.error = failure
        } else if group.error!.isStalePlan {
            prepared[statement.key] = nil
            stalePlans += 1
        }
    }

    /// What it means that a statement which was prepared is not there, or one that was not is.
    private static let mixedUp =
        "a pooler (PgBouncer before 1.21 in transaction mode) gave this connection another one of the server; set database.prepared_statements: false"

    private func farewell(_ text: String) {
        if closedBecause == "closed" { closedBecause = text }
    }

    private func synced(_ group: CallGroup) {
        if let statement = group.preparing {
            statement.failure = group.error
            if case .server(var error)? = group.error, error.sqlstate == "42P05" {
                // Its name says its text: what another client of a pooler prepared is this very statement. Only an open transaction
                // has failed by it.
                error.hint = Self.mixedUp
                statement.failure = .server(error)
            } else if group.error != nil {
                prepared[statement.key] = nil
            }
            return
        }
        // A warning at the sync belongs to the implicit commit.
        if let warning = notices.take().first, group.error == nil {
            group.error = .commitUnknown(statement: group.name, cause: "the server warned: \(warning)")
        }
        if let error = group.error {
            group.finish(.failure(error))
        } else {
            group.finish(.success(group.rows))
        }
    }
}
