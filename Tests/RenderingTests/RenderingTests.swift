import Domain
import Rendering
import Testing
