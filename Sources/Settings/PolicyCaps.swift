import Domain

extension PolicyReading {
    func readCaps(_ root: YAMLObject) -> [CapRule] {
        definitions(nil, "caps", of: root).compactMap { name, value in
            value.object(in: "caps.yaml")
                .flatMap { readCap(name, $0) }
        }
    }

    private func readCap(_ name: String, _ object: YAMLObject) -> CapRule? {
        let listed = object.required("classes", "the classes it counts together")
        let classes = listed?.texts { reference(.messageClass, $0) } ?? []
        if listed != nil, classes.isEmpty { listed?.report("names no class", "name at least one") }
        let channels = object["channels"]?.channels() ?? []
        let limit = object.required("limit", "how many messages in the window")?.integer(in: 0...1_000_000)
        let window = readWindow(object)
        let tiers = readTiers(object)
        let over = object["over"]?.word(CapRule.Over.self) ?? .defer
        guard let limit, let window else { return nil }
        return CapRule(
            name: name, classes: classes, channels: channels, window: window, limit: limit, tiers: tiers, over: over)
    }

    private func readWindow(_ object: YAMLObject) -> CapRule.Window? {
        switch (object["window"], object["calendar"]) {
        case (let rolling?, nil):
            return rolling.duration(in: .seconds(1)...Duration.seconds(366 * 86_400)).map { .rolling($0) }
        case (nil, let calendar?):
            return calendar.word(CapRule.CalendarUnit.self).map { .calendar($0) }
        case (nil, nil):
            object.value.report("has neither window nor calendar", "write window: 24h (rolling) or calendar: day")
        case (_?, let calendar?):
            calendar.report("there is a window too", "keep window (rolling) or calendar, not both")
        }
        return nil
    }

    private func readTiers(_ object: YAMLObject) -> [String: Int] {
        var tiers: [String: Int] = [:]
        for (tier, place, value) in object["tiers"]?.entries() ?? [] {
            guard isName(tier) else {
                value.file.report("\(value.quoted(tier)) is not a name", nameRule, at: place, path: value.path)
                continue
            }
            tiers[tier] = value.integer(in: 0...1_000_000)
        }
        return tiers
    }
}

extension YAMLValue {
    /// A list of channel names.
    func channels() -> [Channel] {
        texts(limit: 20) { $0.name() }.map { Channel(rawValue: $0) }
    }
}
