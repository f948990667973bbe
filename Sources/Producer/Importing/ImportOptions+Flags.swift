import Settings
import Store

extension ImportOptions {
    /// `--format`, `--delimiter` and `--map` as they were typed. Throws `ProducerError.usage`.
    public mutating func setFormat(_ name: String?, delimiter text: String?, names pairs: [String] = []) throws(ProducerError) {
        try setNames(pairs)
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

extension ImportOptions {
    /// `--audience`: the file is of people. Throws `ProducerError.usage` for flags that are about messages.
    public mutating func setAudience(
        _ name: String?, duplicates: DuplicatePolicy? = nil, estimates: Bool = false
    ) throws(ProducerError) {
        if let duplicates { self.duplicates = duplicates }
        guard let name else { return }
        for flag in ["class", "channel", "template", "sender", "group_key"] where defaults[flag] != nil {
            throw .usage(
                "--\(flag.replacing("_", with: "-")) is for messages; with --audience the file is of people, and the campaign says the rest"
            )
        }
        if duplicates != nil {
            throw .usage("--duplicates is for messages; of an audience the first row of a person or address stays, always")
        }
        if estimates {
            throw .usage("--policy and --templates are for messages; martlet campaigns preview says what a campaign would cost")
        }
        audience = name
    }

    /// What the settings say; `isStrict` comes first.
    public mutating func setLimits(_ settings: ProducerSettings) {
        (batch, connections) = (settings.batch, settings.connections)
        rejectLimit = isStrict ? 0 : settings.maxRejects == 0 ? nil : settings.maxRejects
    }

    /// `--map NAME=ARGUMENT` as they were typed. Throws `ProducerError.usage`.
    mutating func setNames(_ pairs: [String]) throws(ProducerError) {
        for pair in pairs {
            let parts = pair.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw .usage("--map \(pair): write NAME=ARGUMENT, such as phone=recipient")
            }
            guard names.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw .usage("--map \(pair): \(parts[0]) is there twice")
            }
        }
        let twice = Dictionary(grouping: names, by: \.value).filter { $0.value.count > 1 }.keys.min()
        if let twice { throw .usage("--map: two names of the file become \(twice)") }
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
