import CLibPQ
import Glibc

extension PQConnection {
    /// Connects to the first address that answers and suits. Throws `PQError.connectFailed` with one reason per address.
    public static func connect(_ options: ConnectionOptions, on loop: PQLoop = .shared) async throws -> PQConnection {
        var reasons: [String] = []
        var isRefusal = true
        for target in try await ConnectionTarget.all(options, on: loop) {
            let connection = PQConnection(loop: loop, options: options)
            do {
                try await connection.open(target)
                return connection
            } catch let error as PQError {
                await connection.close()
                if case .connectFailed(_, true) = error {} else { isRefusal = false }
                reasons.append("\(target.label): \(error.reasonToConnectElsewhere)")
            } catch {
                await connection.close()
                throw error
            }
        }
        throw PQError.connectFailed(reasons: reasons, isRefusal: isRefusal)
    }

    private func open(_ target: ConnectionTarget) async throws {
        let deadline = Deadline(options.connectTimeout)
        guard let handle = start(target) else { throw PQError.connectFailed(reasons: ["out of memory"]) }
        self.handle = handle
        // While it connects libpq gives a SQLSTATE only so, in the text of the error.
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        notices.install(on: handle)
        let channel = LoopChannel { [weak self] events in self?.assumeIsolated { $0.socketReady(events) } }
        let timer = LoopTimer { [weak self] in self?.assumeIsolated { $0.deadlineReached() } }
        loop.add(channel)
        loop.add(timer)
        (self.channel, self.timer) = (channel, timer)
        // As libpq documents: begin as if PQconnectPoll had asked to write; ask for the descriptor anew every time.
        var status = PQstatus(handle) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while status != PGRES_POLLING_OK {
            guard status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING else {
                throw PQError.connectFailure(libpqMessage())
            }
            try await socketEvent(
                "connect", deadline, readable: status == PGRES_POLLING_READING, writable: status == PGRES_POLLING_WRITING,
                consumes: false, fresh: true)
            guard let handle = self.handle else { throw lostWhile("connect") }
            status = PQconnectPoll(handle)
        }
        isConnecting = false
        PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        loop.watch(channel, PQsocket(handle), EPOLLIN.rawValue, fresh: true)
        guard PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1 else { throw lostWhile("connect") }
        try await applySettings(deadline)
    }

    private func start(_ target: ConnectionTarget) -> OpaquePointer? {
        let pairs = target.keywords.sorted { $0.key < $1.key }
        let copies: [UnsafeMutablePointer<CChar>?] = pairs.map { strdup($0.key) } + pairs.map { strdup($0.value) }
        defer { for copy in copies { free(copy) } }
        let pointers: [UnsafePointer<CChar>?] = copies.map { UnsafePointer($0) }
        let keywords = Array(pointers.prefix(pairs.count)) + [nil]
        let values = Array(pointers.suffix(pairs.count)) + [nil]
        return PQconnectStartParams(keywords, values, 0)
    }

    private func applySettings(_ deadline: Deadline) async throws {
        guard options.preparesStatements, !options.sessionSettings.isEmpty else { return }
        let settings = options.sessionSettings.sorted { $0.key < $1.key }
        let call = PQCall(
            "settings", "select set_config(k, v, false) from unnest($1, $2) as s(k, v)", prepared: false
        ) {
            $0.textArray(settings.map(\.key))
            $0.textArray(settings.map(\.value))
        }
        _ = try await query(call, within: deadline.allowed)
    }
}

extension PQError {
    /// Answers that stay the same until somebody changes the server or the settings: no such database or role, a wrong password, no entry in pg_hba.conf, no
    /// right to connect.
    private static let refusals: Set<Substring> = ["3D000", "28000", "28P01", "42501"]

    /// Of libpq's message in PQERRORS_VERBOSE: `…: FATAL:  3D000: database "x" does not exist LOCATION:  InitPostgres, postinit.c:948`.
    static func connectFailure(_ message: String) -> PQError {
        let text = message.replacing(#/\s*LOCATION:  \S+, \S+/#, with: "")
        let states = text.matches(of: #/:  ([0-9A-Z]{5}): /#).map(\.1)
        // Two lines of libpq became one.
        let reason = text.replacing(#/:  [0-9A-Z]{5}: /#, with: ":  ").replacing(#/([^.:;,?]) (Is the server running)/#) {
            "\($0.1); \($0.2)"
        }
        return .connectFailed(reasons: [reason], isRefusal: !states.isEmpty && states.allSatisfy(refusals.contains))
    }

    /// Without what `connectFailed` says already.
    var reasonToConnectElsewhere: String {
        switch self {
        case .connectFailed(let reasons, _): reasons.joined(separator: "; ")
        case .connectionLost(_, let cause, _): cause
        case .deadlineExceeded(_, let after, _): "no answer within \(after.readable)"
        default: description
        }
    }
}
