import Settings
import Store

extension ImportOptions {
    /// `--format` and `--delimiter` as they were typed. Throws `ProducerError.usage`.
    public mutating func setFormat(_ name: String?, delimiter text: String?) throws(ProducerError) {
        if let text {
            guard let byte = text == "tab" ? 0x09 : Array(text.utf8).only, byte >= 0x20 || byte == 0x09, byte < 0x7F, byte != 0x22
            else {
                throw .usage("--delimiter \(text): write one ASCII character other than a quote, or tab")
            }
            delimiter = byte
        }
        switch name {
        case nil: break
        case "ndjson", "jsonl": format = .ndjson
        case "csv": format = .csv(delimiter: delimiter ?? UInt8(ascii: ","))
        case "tsv": format = .csv(delimiter: delimiter ?? 0x09)
        case let other?: throw .usage("--format \(other): write ndjson or csv")
        }
        if format == .ndjson, delimiter != nil { throw .usage("--delimiter is for CSV, but the format is NDJSON") }
    }
}

extension Array {
    fileprivate var only: Element? { count == 1 ? self[0] : nil }
}

extension DatabaseSettings {
    /// How the producer connects.
    public func options(connections: Int) -> DatabaseOptions {
        DatabaseOptions(
            conninfo: connection.reveal(), applicationName: "martlet-producer", connections: connections,
            preparesStatements: preparedStatements, deadline: callTimeout, connectTimeout: connectTimeout)
    }
}
