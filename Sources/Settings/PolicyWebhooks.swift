import Domain

extension PolicyReading {
    typealias Webhook = (endpoint: WebhookEndpoint, provider: ProviderPolicy)

    /// Endpoints, each with the provider that delivers to it; routes and the class follow from them.
    func readWebhooks(_ root: YAMLObject, beside providers: [String: ProviderPolicy]) -> [Webhook] {
        for provider in providers.values.sorted(by: { $0.name < $1.name }) where provider.channels.contains(.webhook) {
            root.value.report(
                "provider \(provider.name) serves channel webhook, which belongs to the endpoints here",
                "call the channel something else in providers.yaml")
        }
        return definitions(nil, "endpoints", of: root).compactMap { name, value in
            value.object(in: "webhooks.yaml").flatMap { readWebhook(name, value, $0, beside: providers) }
        }
    }

    private func readWebhook(
        _ name: String, _ value: YAMLValue, _ object: YAMLObject, beside providers: [String: ProviderPolicy]
    ) -> Webhook? {
        let url = object.required("url", "the address that takes events, such as https://shop.example.com/events")?.text(
            limit: 2000)
        let secret = object.required("secret_file", "the path of a file with a line whsec_…, which signs the events")?.line(
            limit: 1000)
        let listed = object.required("events", "such as [inbound.received, message.delivered]")
        let events = listed?.texts { $0.event() } ?? []
        if let listed, listed.isEmptyList { listed.report("is empty", "name at least one event") }
        let endpoint = WebhookEndpoint(
            name: name, events: events, classes: object["classes"]?.texts { reference(.messageClass, $0) } ?? [],
            groupPrefixes: object["group_prefixes"]?.texts { $0.line(limit: 256) } ?? [])
        if providers[endpoint.provider] != nil {
            value.report("providers.yaml has a provider \(endpoint.provider) already", "choose another name for one of them")
        }
        guard let url, let secret else { return nil }
        var options = ["url": url, "signing_secret_file": secret]
        options["tls_ca_file"] = object["tls_ca_file"]?.line(limit: 1000)
        for flag in ["in_clear", "allow_private"] { options[flag] = object[flag]?.bool().map { "\($0)" } }
        var provider = ProviderPolicy(
            name: endpoint.provider, transport: Webhooks.name, channels: [.webhook], rate: object["rate"]?.rate(), window: 10,
            timeout: .seconds(15), options: options)
        if let window = object["window"]?.integer(in: 1...1000) { provider.window = window }
        if let timeout = object["timeout"]?.duration(in: .milliseconds(100)...Duration.seconds(60)) { provider.timeout = timeout }
        return (endpoint, provider)
    }
}

extension YAMLValue {
    fileprivate func event() -> String? {
        guard let text = text() else { return nil }
        if Webhooks.events.contains(text) { return text }
        report("\(quoted(text)) is no event", knownWords(text, among: Webhooks.events))
        return nil
    }
}
