import Yams

/// A place in a text, both counted from 1; columns in Unicode scalars.
struct Place: Equatable {
    var line: Int
    var column: Int
}

extension Place {
    init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }
}

/// One YAML file while it is read: its name, and where the problems found in it are collected.
final class YAMLFile {
    /// Larger files are refused unread: 1 MiB.
    static let maximumBytes = 1 << 20

    let name: String
    /// Lines of the file before the YAML starts (front matter).
    let linesBefore: Int
    private(set) var problems: [ConfigProblem] = []

    init(name: String, linesBefore: Int = 0) {
        self.name = name
        self.linesBefore = linesBefore
    }

    func report(_ problem: String, _ hint: String = "", at place: Place? = nil, path: String = "") {
        problems.append(
            ConfigProblem(
                file: name, line: place.map { $0.line + linesBefore }, column: place?.column, path: path, problem: problem,
                hint: hint))
    }

    /// The only document of `text`, or nil with the reason among the problems.
    func root(of text: String) -> YAMLValue? {
        guard text.utf8.count <= Self.maximumBytes else {
            report("has \(text.utf8.count) bytes", "keep it within \(Self.maximumBytes) bytes")
            return nil
        }
        if let place = firstAnchor(in: text) {
            report(
                "anchors (&name) are not supported",
                "write the value out; in texts put no & directly before a word", at: place)
            return nil
        }
        do {
            guard let node = try compose(yaml: text, .basic, .default, .utf8) else {
                report("is empty", "see the example under Config/")
                return nil
            }
            return YAMLValue(node: node, path: "", file: self)
        } catch let error as YamlError {
            report(error, in: text)
        } catch {
            report("cannot be read as YAML", String(describing: error))
        }
        return nil
    }

    private func report(_ error: YamlError, in text: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            report("not valid YAML: \(problem)", "check indentation, colons and quotes here", at: Place(mark))
        case .duplicatedKeysInMapping(let keys, let context):
            let repeated = keys.first ?? ""
            let second = repetition(of: repeated, after: Place(context.mark), in: text)
            report(
                "\(repeated) is there twice", "keep one (the first is in line \(context.mark.line + linesBefore))",
                at: second ?? Place(context.mark), path: repeated)
        case .reader(let problem, let offset, _, _):
            report("not valid YAML: \(problem) (byte \(offset ?? 0))", "save the file as UTF-8 without control characters")
        default:
            report("not valid YAML: \(error)")
        }
    }

    /// Where a block mapping repeats `key`: the parser names the first place only.
    private func repetition(of key: String, after first: Place, in text: String) -> Place? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for index in lines.indices.dropFirst(first.line) {
            let line = lines[index]
            let indent = line.prefix { $0 == " " }.count
            let rest = line.dropFirst(indent).filter { $0 != "\"" && $0 != "'" }
            if indent == first.column - 1, rest.hasPrefix(key + ":") { return Place(line: index + 1, column: indent + 1) }
        }
        return nil
    }

    /// The first thing that could be a YAML anchor. Without anchors there are no aliases, and without aliases a small file cannot
    /// unfold into a huge tree (Yams hashes mapping keys while composing, so a limit on the finished tree would come too late).
    /// Looks at the text alone, so an `&` directly before a word inside quotes is refused as well.
    private func firstAnchor(in text: String) -> Place? {
        var line = 1
        var column = 0
        var previous: Unicode.Scalar = "\n"
        var opens = false
        for scalar in text.unicodeScalars {
            if opens, scalar.isASCII,
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || scalar == "_" || scalar == "-"
            {
                return Place(line: line, column: column)
            }
            opens = scalar == "&" && startsToken(after: previous)
            if scalar == "\n" {
                line += 1
                column = 0
            } else {
                column += 1
            }
            previous = scalar
        }
        return nil
    }

    private func startsToken(after scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || scalar == "\u{FEFF}" || "[{,:-?".unicodeScalars.contains(scalar)
    }
}
