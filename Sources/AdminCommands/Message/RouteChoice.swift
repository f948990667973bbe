import Domain

extension Policy {
    /// The provider that the routes choose: the first route whose conditions all match and whose provider serves the channel.
    func provider(for message: Message, sender: String) -> ProviderPolicy? {
        for route in routes where route.matches(message, sender: sender) {
            if let provider = providers[route.provider], provider.channels.contains(message.channel) { return provider }
        }
        return nil
    }
}

extension Route {
    fileprivate func matches(_ message: Message, sender key: String) -> Bool {
        (channel == nil || channel == message.channel) && (classes.isEmpty || classes.contains(message.messageClass))
            && (sender == nil || sender == key) && (prefixes.isEmpty || prefixes.contains { Self.prefix($0, message.address) })
    }

    /// An E.164 prefix, or a mail domain.
    private static func prefix(_ prefix: String, _ address: String) -> Bool {
        guard let at = address.lastIndex(of: "@") else { return address.hasPrefix(prefix) }
        let domain = prefix.hasPrefix("@") ? prefix.dropFirst() : prefix[...]
        return address[address.index(after: at)...].lowercased() == domain.lowercased()
    }
}
