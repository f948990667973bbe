import Foundation

/// Names of the files in a directory, sorted.
func filesInDirectory(_ directory: String) throws(ConfigErrors) -> [String] {
    do {
        return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    } catch {
        throw ConfigErrors([
            ConfigProblem(
                file: directory, problem: "the directory cannot be read", hint: "check the path and its permissions")
        ])
    }
}

/// The text of a file of at most 1 MiB; `name` is what problems call it.
func readText(_ path: String, shownAs name: String) throws(ConfigProblem) -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else {
        throw ConfigProblem(file: name, problem: "cannot be opened", hint: "check that it exists and may be read")
    }
    let bytes: Data
    do {
        bytes = try handle.read(upToCount: YAMLFile.maximumBytes + 1) ?? Data()
        try handle.close()
    } catch {
        throw ConfigProblem(file: name, problem: "cannot be read", hint: "is it a file?")
    }
    guard bytes.count <= YAMLFile.maximumBytes else {
        throw ConfigProblem(
            file: name, problem: "is too large", hint: "keep it within \(YAMLFile.maximumBytes) bytes")
    }
    guard let text = String(data: bytes, encoding: .utf8) else {
        throw ConfigProblem(file: name, problem: "is not UTF-8", hint: "save it as UTF-8")
    }
    return text
}
