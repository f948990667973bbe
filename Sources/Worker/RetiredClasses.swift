import Domain
import Settings
import Store
import Text

extension Policy {
    /// Classes that this policy no longer has keep what the last policy with them said, for the messages that still wait: lane, hours, consent,
    /// doubt, caps, and routes as far as their providers exist. Nothing new is enqueued with them. A policy that this binary cannot read any more
    /// keeps none; its messages become dead letters `unknown_class`.
    mutating func keep(_ retired: [LoadRetiredClasses.Retired]) {
        for (files, group) in Dictionary(grouping: retired, by: \.files) {
            let old: Policy
            do { old = try PolicyFiles.parse(JSONValue.texts(files)) } catch { continue }
            for one in group.sorted(by: { $0.name < $1.name }) { keep(one.name, of: old) }
        }
    }

    private mutating func keep(_ name: String, of old: Policy) {
        guard var kept = old.classes[name], classes[name] == nil else { return }
        if let sender = kept.sender, senders[sender] == nil { kept.sender = nil }
        if links == nil { kept.tracking = nil }
        classes[name] = kept
        for cap in old.caps where cap.classes.contains(name) {
            if let index = caps.firstIndex(where: { $0.name == cap.name }) {
                if !caps[index].classes.contains(name) { caps[index].classes.append(name) }
            } else {
                var own = cap
                own.classes = [name]
                caps.append(own)
            }
        }
        // Before the others: they are about this class alone.
        let own = old.routes.filter { $0.classes.contains(name) }.compactMap { route -> Route? in
            var route = route
            route.classes = [name]
            route.providers = route.providers.filter { providers[$0.name] != nil }
            return route.providers.isEmpty ? nil : route
        }
        routes.insert(contentsOf: own, at: 0)
    }
}
