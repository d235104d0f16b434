"""unittest with TAP output: one line a test, its failure as comments below it."""
import sys
import unittest


class TapResult(unittest.TestResult):
    """Prints each test as it ends; subtests count as parts of their test."""

    def __init__(self, stream):
        super().__init__()
        self.stream = stream
        self.count = 0
        self.failed = 0
        self.problems = []

    def _line(self, is_ok, test, directive=""):
        self.count += 1
        self.failed += not is_ok
        print(f"{'ok' if is_ok else 'not ok'} {self.count} - {sentence(test)}{directive}",
              file=self.stream, flush=True)

    def _comment(self, text):
        for line in text.rstrip().splitlines():
            print(f"# {line}", file=self.stream, flush=True)

    def startTest(self, test):
        super().startTest(test)
        self.problems = []

    def stopTest(self, test):
        super().stopTest(test)
        if self.problems:
            self._line(False, test)
            for text in self.problems:
                self._comment(text)

    def addSuccess(self, test):
        if not self.problems:
            self._line(True, test)

    def addSkip(self, test, reason):
        self._line(True, test, f" # SKIP {reason}")

    def _problem(self, test, error):
        text = self._exc_info_to_string(error, test)
        if isinstance(test, unittest.TestCase):
            self.problems.append(text)
        else:  # the set-up of a class or module: there is no test to stop
            self._line(False, test)
            self._comment(text)

    def addError(self, test, err):
        self._problem(test, err)

    def addFailure(self, test, err):
        self._problem(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.problems.append(f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addUnexpectedSuccess(self, test):
        self._line(False, test)


def sentence(test):
    """'slice: a receipt is claimed once' of SliceTest.test_a_receipt_is_claimed_once."""
    if not isinstance(test, unittest.TestCase):
        return str(test)
    module, _, method = test.id().rpartition(".")
    subject = module.split(".")[0].removesuffix("_test").strip("_").replace("_", " ")
    return f"{subject}: {method.removeprefix('test_').replace('_', ' ')}"


def run(suite):
    """Runs a suite; True when nothing failed."""
    result = TapResult(sys.stdout)
    suite.run(result)
    print(f"1..{result.count}", flush=True)
    return result.failed == 0
