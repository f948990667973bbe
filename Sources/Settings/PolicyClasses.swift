import Domain

extension PolicyReading {
    func readClasses(_ root: YAMLObject) -> [String: ClassPolicy] {
        var rules: [String: ClassPolicy] = [:]
        for (name, value) in definitions(.messageClass, "classes", of: root) {
            guard let object = value.object(in: "classes.yaml") else { continue }
            rules[name] = readClass(name, object)
            classes.append((name, object))
        }
        if root["classes"] != nil, classes.isEmpty { root.value.report("defines no class", "define at least one") }
        return rules
    }

    private func readClass(_ name: String, _ object: YAMLObject) -> ClassPolicy? {
        let lane = object.required("lane", "0 is the most urgent, 7 the least")?.integer(in: 0...7)
        let timeToLive = object.required("time_to_live", "how long it may be sent, such as 24h")?
            .duration(in: .seconds(1)...Duration.seconds(30 * 86_400))
        let retry = readRetry(object)
        let quietHours = readQuietHours(object)
        let unknownOutcome = object.required("in_doubt", "resend, query or hold")?.word(ClassPolicy.UnknownOutcome.self)
        guard let lane, let timeToLive, let retry, let unknownOutcome else { return nil }
        var rules = ClassPolicy(name: name, lane: lane, timeToLive: timeToLive, retry: retry, quietHours: quietHours)
        rules.unknownOutcome = unknownOutcome
        rules.acceptWithin = object["accept_within"]?.duration(in: .milliseconds(100)...Duration.seconds(30 * 86_400))
        rules.resends = readResends(object, unknownOutcome: unknownOutcome)
        rules.requiresConsent = object["consent"]?.bool() ?? false
        rules.requiresSignature = object["signature"]?.bool() ?? false
        rules.requiresOptOut = object["opt_out"]?.bool() ?? false
        rules.requiredVariables = object["required"]?.texts(limit: 100) { $0.variableName() } ?? []
        rules.maxSegments = object["max_segments"]?.integer(in: 1...255)
        rules.rejectsOverlong = object["overlong"]?.word(Overlong.self) != .warn
        rules.erasesBody = object["erase_body"]?.bool() ?? false
        if let within = object["schedule_within"]?.duration(in: .seconds(60)...ClassPolicy.longestSchedule) {
            rules.scheduleWithin = within
        }
        rules.keepsExpired = object["keep_expired"]?.bool() ?? false
        rules.sender = object["sender"].flatMap { reference(.sender, $0) }
        rules.tracking = readTracking(object, erasesBody: rules.erasesBody)
        return rules
    }

    private enum Overlong: String, CaseIterable { case reject, warn }

    private func readRetry(_ object: YAMLObject) -> RetrySchedule? {
        let attempts = object.required("attempts", "how often it is tried, the first try included")?.integer(in: 1...100)
        let range = Duration.milliseconds(10)...Duration.seconds(86_400)
        let base = object.required("retry_base", "the first pause, such as 30s")?.duration(in: range)
        let limit = object.required("retry_limit", "the longest pause, such as 1h")?.duration(in: range)
        guard let attempts, let base, let limit else { return nil }
        if limit < base {
            object["retry_limit"]?.report(
                "\(limit.configured) is shorter than retry_base \(base.configured)", "make it at least as long")
        }
        return RetrySchedule(attempts: attempts, base: base, limit: limit)
    }

    private func readQuietHours(_ object: YAMLObject) -> QuietHours? {
        let spread = object["release_over"]?.duration(in: .zero...Duration.seconds(4 * 3600))
        guard let value = object["quiet_hours"] else {
            object["release_over"]?.report("needs quiet_hours", "set quiet_hours or leave it out")
            return nil
        }
        guard var hours = value.quietHours() else { return nil }
        if let spread { hours.spread = spread }
        return hours
    }

    private func readResends(_ object: YAMLObject, unknownOutcome: ClassPolicy.UnknownOutcome) -> Int {
        let resends = object["resends"]?.integer(in: 0...10)
        switch (unknownOutcome, resends) {
        case (.hold, let some?) where some > 0:
            object["resends"]?.report("\(some) contradicts in_doubt: hold", "a held message is never sent again: write 0")
        case (.resend, 0):
            object["resends"]?.report("0 contradicts in_doubt: resend", "write 1 or more, or in_doubt: hold")
        default: break
        }
        return resends ?? (unknownOutcome == .hold ? 0 : 1)
    }
}

extension YAMLValue {
    /// The name of a template variable, dotted for nested ones.
    func variableName() -> String? {
        guard let text = text(limit: 63) else { return nil }
        if text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_.]*/) != nil { return text }
        report("\(quoted(text)) is not a variable", "use letters, digits, _ and dots, a letter first")
        return nil
    }

    /// `22:00-08:00`, local times.
    func quietHours() -> QuietHours? {
        guard let text = text() else { return nil }
        guard let match = text.wholeMatch(of: /([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})/),
            let from = minutes(match.1, match.2), let until = minutes(match.3, match.4)
        else {
            report("\(quoted(text)) is not a window of hours", "write local times such as 22:00-08:00")
            return nil
        }
        if from == until {
            report("begins and ends at the same minute", "leave it out to send at any hour")
            return nil
        }
        return QuietHours(from: from, until: until)
    }

    private func minutes(_ hour: Substring, _ minute: Substring) -> Int? {
        guard let hour = Int(hour), let minute = Int(minute), hour < 24, minute < 60 else { return nil }
        return hour * 60 + minute
    }
}
