/// Where a provider's option stands in `providers.yaml`: the reader has checked the file, so that its indentation can be trusted.
enum YAMLPlace {
    static func find(_ provider: String, _ option: String, in text: String) -> Int? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        func isKey(_ line: Substring, _ name: String) -> Bool {
            let trimmed = line.trimmingPrefix { $0 == " " }.filter { $0 != "\"" && $0 != "'" }
            return trimmed.hasPrefix(name + ":")
        }
        guard let start = lines.firstIndex(where: { isKey($0, provider) }) else { return nil }
        let indent = lines[start].prefix { $0 == " " }.count
        let block = lines.indices.dropFirst(start + 1).prefix { index in
            let line = lines[index].trimmingPrefix { $0 == " " }
            return line.isEmpty || line.hasPrefix("#") || lines[index].prefix { $0 == " " }.count > indent
        }
        return (block.first { isKey(lines[$0], option) } ?? start) + 1
    }
}
