import CLibPQ

/// Collects what the server says beside its answers; without a receiver libpq prints it to stderr. Filled while libpq parses, which is
/// on the loop's thread.
final class Notices {
    /// Warnings since the last `take`.
    private var warnings: [String] = []
    /// Why the server is ending the connection, if it said so.
    private(set) var farewell: String?

    func take() -> [String] {
        if warnings.isEmpty { return [] }
        defer { warnings.removeAll() }
        return warnings
    }

    func install(on connection: OpaquePointer) {
        let receiver: PQnoticeReceiver = { context, result in
            guard let context, let result else { return }
            Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue().receive(result)
        }
        PQsetNoticeReceiver(connection, receiver, Unmanaged.passUnretained(self).toOpaque())
    }

    private func receive(_ result: OpaquePointer) {
        let severity = errorField(result, PQDiagnostic.severity)
        let text = errorField(result, PQDiagnostic.message) ?? "no text"
        switch severity {
        case "WARNING": if warnings.count < 16 { warnings.append(text) }
        case "FATAL", "PANIC": farewell = text
        default: break
        }
    }
}

/// Field codes of `PQresultErrorField` (postgres_ext.h).
enum PQDiagnostic {
    static let severity: Character = "V"
    static let sqlstate: Character = "C"
    static let message: Character = "M"
    static let detail: Character = "D"
    static let hint: Character = "H"
    static let position: Character = "P"
    static let context: Character = "W"
    static let schema: Character = "s"
    static let table: Character = "t"
    static let column: Character = "c"
    static let constraint: Character = "n"
}

func errorField(_ result: OpaquePointer, _ field: Character) -> String? {
    PQresultErrorField(result, Int32(field.asciiValue!)).map { String(cString: $0) }
}

extension PQServerError {
    init(_ result: OpaquePointer, statement: String) {
        self.init(
            statement: statement,
            sqlstate: errorField(result, PQDiagnostic.sqlstate) ?? "",
            message: errorField(result, PQDiagnostic.message) ?? String(cString: PQresultErrorMessage(result)).trimmed,
            detail: errorField(result, PQDiagnostic.detail),
            hint: errorField(result, PQDiagnostic.hint),
            context: errorField(result, PQDiagnostic.context),
            schema: errorField(result, PQDiagnostic.schema),
            table: errorField(result, PQDiagnostic.table),
            column: errorField(result, PQDiagnostic.column),
            constraint: errorField(result, PQDiagnostic.constraint),
            position: errorField(result, PQDiagnostic.position).flatMap { Int($0) })
    }
}
