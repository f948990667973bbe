/// Who can take messages now. The router writes down whom it has given a probe.
public struct Availability: Sendable, Equatable {
    /// Stopped by an admin, or known to be out of order.
    public var unavailable: Set<String> = []
    /// Out of order until a moment ago: one message shall find out.
    public var probing: Set<String> = []
    /// Providers for which another one sends: name → the other.
    public var moved: [String: String] = [:]
    /// They take messages and deliver too few of them: they get one in `trickle` of what is theirs, so that their recovery is seen.
    public var poor: Set<String> = []
    static let trickle = 20

    public init() {}
}

/// Which provider takes a message: the first route whose conditions all match decides, and among its providers weight or price.
///
/// The choice is the same for the same message, policy and availability. Among those that are available a message goes to one with a
/// chance by weight; providers of weight 0 stand by for when none of the others is. Where none is available it goes where it would go
/// if all were, and waits there. One that delivers too little (`Availability.poor`) keeps a twentieth of its share. A message whose attempts were counted, or that is sent again in doubt, goes to the next provider of the route
/// each time, and never to one that is only being tried.
public struct Router: Sendable {
    private struct Candidates: Sendable {
        var route: Route
        /// Cheapest first, by prefix of the number; for routes that choose by price.
        var costs: [(prefix: String, order: [String])]
    }
    private let routes: [Candidates]
    private let providers: [String: ProviderPolicy]

    /// - Parameter now: whose prices count in the choice by cost; nil: those that have no end.
    public init(_ policy: Policy, at now: Timestamp? = nil) {
        let prices = policy.prices.filter { price in now.map(price.isValid) ?? (price.until == nil) }
        providers = policy.providers
        routes = policy.routes.map { route in
            Candidates(route: route, costs: route.choice == .cost ? Self.costs(route, prices) : [])
        }
    }

    /// - Parameters:
    ///   - sender: key of the sender, its own or the one that its class or the policy gives it.
    ///   - tries: counted tries of the message so far, and times it was sent again while in doubt.
    /// - Returns: nil: no route matches that has a provider for the message's channel.
    public func provider(
        for message: Message, sender: String, tries: Int = 0, _ availability: inout Availability
    ) -> ProviderPolicy? {
        for candidates in routes where Self.matches(candidates.route, message, sender) {
            let choices = candidates.route.providers
            let name =
                choices.count == 1
                ? choices[0].name : choose(candidates, message, tries: tries, availability)
            guard let name else { continue }
            let taken = availability.moved[name] ?? name
            if availability.probing.remove(taken) != nil { availability.unavailable.insert(taken) }
            if let provider = providers[taken], provider.channels.contains(message.channel) { return provider }
        }
        return nil
    }

    /// As if all providers were well.
    public func provider(for message: Message, sender: String) -> ProviderPolicy? {
        var availability = Availability()
        return provider(for: message, sender: sender, &availability)
    }

    private func choose(_ candidates: Candidates, _ message: Message, tries: Int, _ availability: Availability) -> String? {
        let all = candidates.route.providers.filter { providers[$0.name]?.channels.contains(message.channel) == true }
        guard !all.isEmpty else { return nil }
        func isWell(_ choice: Route.Choice) -> Bool {
            !availability.unavailable.contains(availability.moved[choice.name] ?? choice.name)
        }
        func isPoor(_ name: String) -> Bool { availability.poor.contains(availability.moved[name] ?? name) }
        var well = all.filter { isWell($0) && $0.weight > 0 }
        if well.isEmpty { well = all.filter(isWell) }
        // A provider that is being tried gets its one message only beside one that certainly works.
        let certain = well.filter { !availability.probing.contains(availability.moved[$0.name] ?? $0.name) }
        let set = well.isEmpty ? all : well
        let order: [String]
        switch candidates.route.choice {
        case .cost:
            let cheapest = candidates.costs.first { message.address.hasPrefix($0.prefix) }?.order ?? all.map(\.name)
            let priced = cheapest.filter { name in set.contains { $0.name == name } }
            let isTrickle = Self.mixed(UInt64(bitPattern: message.id.rawValue)) % UInt64(Availability.trickle) == 0
            order = isTrickle ? priced : priced.filter { !isPoor($0) } + priced.filter(isPoor)
        case .weight:
            order = Self.byWeight(
                set.map { .init(name: $0.name, weight: isPoor($0.name) ? $0.weight : $0.weight * Availability.trickle) },
                message.id)
        }
        guard !order.isEmpty else { return nil }
        let first = order[tries % order.count]
        return tries > 0 && !certain.isEmpty && !certain.contains { $0.name == first } ? certain[0].name : first
    }

    /// A first one with a chance by weight, then the others as they stand.
    private static func byWeight(_ choices: [Route.Choice], _ id: MessageID) -> [String] {
        let total = choices.reduce(0) { $0 + $1.weight }
        var index = 0
        if total > 0 {
            var point = Int(mixed(UInt64(bitPattern: id.rawValue)) % UInt64(total))
            while point >= choices[index].weight {
                point -= choices[index].weight
                index += 1
            }
        }
        return (0..<choices.count).map { choices[(index + $0) % choices.count].name }
    }

    /// SplitMix64's finaliser: ids that follow each other are far apart.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private static func matches(_ route: Route, _ message: Message, _ sender: String) -> Bool {
        if let channel = route.channel, channel != message.channel { return false }
        if !route.classes.isEmpty && !route.classes.contains(message.messageClass) { return false }
        if let wanted = route.sender, wanted != sender { return false }
        guard !route.prefixes.isEmpty else { return true }
        return route.prefixes.contains {
            $0.hasPrefix("+")
                ? message.address.hasPrefix($0) : message.address.hasSuffix("@\($0)") || message.address == $0
        }
    }

    /// Longest prefix first. A provider without a price for a prefix comes last there: its cost is not known.
    private static func costs(_ route: Route, _ prices: [Price]) -> [(prefix: String, order: [String])] {
        let names = route.providers.map(\.name)
        let own = prices.filter { names.contains($0.provider) }
        let prefixes = Set(own.map(\.prefix)).union([""]).sorted { ($0.count, $1) > ($1.count, $0) }
        return prefixes.map { prefix in
            func cost(_ name: String) -> Int64 {
                own.filter { $0.provider == name && prefix.hasPrefix($0.prefix) }.max { $0.prefix.count < $1.prefix.count }?
                    .micros ?? .max
            }
            let order = names.enumerated().sorted { (cost($0.element), $0.offset) < (cost($1.element), $1.offset) }
            return (prefix, order.map(\.element))
        }
    }
}
