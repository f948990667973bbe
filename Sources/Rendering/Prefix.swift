/// Prefixes of addresses: the longest that matches counts, the empty one matches all.
enum Prefix {
    static func matches(_ prefix: String, _ address: String) -> Bool {
        address.utf8.starts(with: prefix.utf8)
    }

    /// The entry with the longest matching prefix; of equal ones the first.
    static func longest<Entry>(_ entries: [Entry], for address: String, prefix: (Entry) -> String) -> Entry? {
        var best: Entry?
        var length = -1
        for entry in entries {
            let prefix = prefix(entry)
            if prefix.utf8.count > length, matches(prefix, address) {
                best = entry
                length = prefix.utf8.count
            }
        }
        return best
    }
}
