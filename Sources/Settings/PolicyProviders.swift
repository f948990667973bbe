import Domain

/// What a contract's rate counts.
private enum RateUnit: String, CaseIterable { case segments, messages }

extension PolicyReading {
    func readProviders(_ root: YAMLObject) -> [String: ProviderPolicy] {
        var providers: [String: ProviderPolicy] = [:]
        for (name, value) in definitions(.provider, "providers", of: root) {
            guard let object = value.object(in: "providers.yaml") else { continue }
            providers[name] = readProvider(name, object)
        }
        return providers
    }

    private func readProvider(_ name: String, _ object: YAMLObject) -> ProviderPolicy? {
        let transport = object.required("transport", "such as sandbox or smtp")?.name()
        let listed = object.required("channels", "such as [sms]")
        let channels = listed?.channels() ?? []
        if listed != nil, channels.isEmpty { listed?.report("names no channel", "name at least one") }
        let rate = object["rate"]?.rate()
        let window = object["window"]?.integer(in: 1...10_000)
        let sendWithin = object["send_within"]?.duration(in: .milliseconds(100)...Duration.seconds(60))
        let timeout = object["timeout"]?.duration(in: .milliseconds(100)...Duration.seconds(600))
        let options = readOptions(object["options"])
        guard let transport else { return nil }
        var provider = ProviderPolicy(name: name, transport: transport, channels: channels, rate: rate, options: options)
        if let unit = object["rate_of"]?.word(RateUnit.self) { provider.ratesMessages = unit == .messages }
        if let most = object["max_connections"] {
            provider.maxConnections = most.integer(in: 1...10_000)
            if !["smpp", "smtp"].contains(transport) {
                most.report(
                    "is not possible with transport \(transport)",
                    "leave it out: only smpp and smtp keep connections that can be shared out")
            }
        }
        if let window { provider.window = window }
        if let sendWithin { provider.sendWithin = sendWithin }
        if let timeout { provider.timeout = timeout }
        provider.receiptWithin = object["receipt_within"]?.duration(in: .seconds(60)...Duration.seconds(7 * 86_400))
        return provider
    }

    /// Transports check what the options mean; here they are texts, and none of them is a secret: the policy is stored in PostgreSQL.
    private func readOptions(_ value: YAMLValue?) -> [String: String] {
        var options: [String: String] = [:]
        for (key, place, entry) in value?.entries() ?? [] {
            if !isName(key) {
                entry.file.report("\(entry.quoted(key)) is not a name", nameRule, at: place, path: entry.path)
            } else if isSecret(key) {
                entry.file.report(
                    "secrets do not belong into the policy", "write \(key)_file: and the path of a file that has it",
                    at: place, path: entry.path)
            } else if let text = entry.text(limit: 4000) {
                if text.contains(/:\/\/[^\/\s@]*:[^\/\s@]+@/) {
                    entry.report("contains a password", "take it out of the URL and use password_file")
                } else {
                    options[key] = text
                }
            }
        }
        return options
    }

    private func isSecret(_ key: String) -> Bool {
        let secrets = ["password", "passwd", "secret", "token", "api_key", "apikey", "private_key", "credential", "credentials"]
        guard !key.hasSuffix("_file") else { return false }
        return secrets.contains { key.replacing("-", with: "_").hasSuffix($0) }
    }
}
