extension PQPool {
    /// Starts making connections if somebody waits for one and there is room; one at a time while attempts fail.
    func openIfWanted() {
        guard !isClosed else { return }
        while openers < waiters.all.count, lent.count + idle.count + openers < settings.size, failures == 0 || openers == 0 {
            openers += 1
            let id = nextID
            nextID += 1
            // Unstructured: the connection is for the borrower that waits when it is ready; `close` cancels it.
            opening[id] = Task { await self.open(id) }
        }
    }

    private func open(_ id: UInt64) async {
        while !isClosed && !Task.isCancelled {
            do {
                let connection = try await connect()
                opened(connection)
                break
            } catch {
                failures += 1
                lastFailure = "\(error)"
                if let refusal = error as? PQError, case .connectFailed(_, isRefusal: true) = refusal {
                    // It stays so until an operator does something: no borrower waits for that.
                    for waiter in waiters.all { waiter.resume(.failure(refusal)) }
                    waiters = Queue()
                    break
                }
                // No borrower waits any more: the next one starts a fresh attempt.
                if waiters.isEmpty || openers > 1 { break }
                do {
                    try await Task.sleep(for: PQPool.backoff(failures: failures))
                } catch {
                    break  // the pool closes
                }
            }
        }
        openers -= 1
        opening[id] = nil
        openIfWanted()
    }

    private func connect() async throws -> PQConnection {
        let connection = try await PQConnection.connect(settings.connection, on: loop)
        do {
            try await settings.onConnect(connection)
            if lost > 0 {
                await settings.onReconnect(connection)
            }
            return connection
        } catch {
            await connection.close()
            throw error
        }
    }

    private func opened(_ connection: PQConnection) {
        failures = 0
        lastFailure = nil
        if lost > 0 { lost -= 1 }
        if isClosed {
            // Unstructured: `close` has returned or is waiting for borrowers only.
            Task { await connection.close() }
        } else {
            offer(connection)
        }
    }

    /// 100 ms doubling to 10 s, each between half and all of it.
    static func backoff(failures: Int) -> Duration {
        let ceiling = min(10_000, 100 << min(max(failures, 1) - 1, 7))
        return .milliseconds(Int.random(in: ceiling / 2...ceiling))
    }
}
