"""Raw FastCGI against the worker: broken, slow and hostile peers, and what must survive them."""
import contextlib
import os
import signal
import struct
import threading
import time

import fcgi_client as fcgi
from harness import READ_TIMEOUT, Service, is_alive, run, wait_for

WORKERS = 2
# A good request behind stalled peers is answered within the deadline and a second.
PATIENCE = READ_TIMEOUT + 1
BIG_BYTES = 2 * 1024 * 1024


def effect_pairs(length=10):
    """A request that leaves a trace when it is carried out."""
    return fcgi.variables("/effect", "POST", b"x" * length)


def whole_head(length=10):
    """Begin and all variables of it, without the body."""
    return fcgi.begin() + fcgi.stream(fcgi.PARAMS, fcgi.params(effect_pairs(length)))


def a_get_is_answered():
    with Service(WORKERS).start() as service:
        answer = service.get("/echo?a=1")
        assert answer.ok and answer.fields["method"] == "GET", answer.output
        assert answer.fields["query"] == "a=1", answer.output


def a_post_reaches_the_gateway_with_its_whole_body():
    with Service(WORKERS).start() as service:
        body = b"0123456789" * 6000
        assert service.get("/echo", method="POST", body=body).body.endswith("body=" + body.decode())


def a_big_answer_arrives_whole():
    with Service(WORKERS).start() as service:
        answer = service.get("/big")
        assert answer.ok and answer.body.count("b") >= BIG_BYTES, len(answer.body)


def a_body_in_many_small_records_is_put_together():
    with Service(WORKERS).start() as service:
        raw = whole_head(10) + b"".join(fcgi.record(fcgi.STDIN, b"x") for _ in range(10))
        assert fcgi.exchange(service.socket, raw + fcgi.record(fcgi.STDIN)).ok
        assert service.effects() == 1


def sends_then_closes(raw):
    """A peer that goes away after these bytes."""
    def peer(service):
        with fcgi.connect(service.socket) as connection:
            connection.sendall(raw)
    return peer


def changes_nothing(peer):
    """No worker carries out what the peer left incomplete, and both go on serving."""
    with Service(WORKERS).start() as service:
        for _ in range(2 * WORKERS):
            peer(service)
        assert all(service.get("/echo").ok for _ in range(2 * WORKERS))
        assert service.effects() == 0, "an incomplete request was carried out"
        # The control: the same request, complete, does leave a trace.
        assert service.get("/effect", method="POST", body=b"x" * 10).ok
        assert service.effects() == 1
        assert "worker_died" not in service.log_text(), service.log_text()


def a_request_cut_between_two_variables_changes_nothing():
    # REQUEST_METHOD and REQUEST_URI are there, so only the missing end can give it away.
    pairs = [pair for pair in effect_pairs() if pair[0] != "CONTENT_LENGTH"]
    changes_nothing(sends_then_closes(
        fcgi.begin() + fcgi.record(fcgi.PARAMS, fcgi.params(pairs))))


def a_request_cut_in_its_body_changes_nothing():
    changes_nothing(sends_then_closes(whole_head() + fcgi.record(fcgi.STDIN, b"x" * 5)))


def a_request_aborted_in_its_body_changes_nothing():
    def peer(service):
        # It stays until it is answered: the record alone has to end the request.
        fcgi.exchange(service.socket, whole_head() + fcgi.record(fcgi.STDIN, b"x" * 5)
                      + fcgi.record(fcgi.ABORT))
    changes_nothing(peer)


def a_request_cut_inside_a_variable_changes_nothing():
    content = fcgi.params(effect_pairs())
    changes_nothing(sends_then_closes(
        fcgi.begin() + fcgi.record(fcgi.PARAMS, content[:-3])))


def a_body_that_ends_early_changes_nothing():
    changes_nothing(sends_then_closes(whole_head() + fcgi.stream(fcgi.STDIN, b"x" * 5)))


def a_request_in_another_role_changes_nothing():
    changes_nothing(sends_then_closes(fcgi.request("/effect", role=fcgi.AUTHORIZER)))


def bytes_that_are_no_fastcgi_change_nothing():
    changes_nothing(sends_then_closes(b"POST /effect HTTP/1.1\r\nHost: x\r\n\r\n"))


def is_answered_behind(stall, workers=WORKERS, patience=PATIENCE):
    """As many stalled peers as workers; a good request is answered in time all the same."""
    with Service(workers).start() as service, contextlib.ExitStack() as peers:
        for _ in range(workers):
            stall(peers.enter_context(fcgi.connect(service.socket)), peers)
        time.sleep(0.1)
        started = time.monotonic()
        answer = service.get("/echo")
        seconds = time.monotonic() - started
        assert answer.ok and seconds < patience, f"answered after {seconds:.2f} s"
        assert service.effects() == 0
        assert "worker_died" not in service.log_text(), service.log_text()


def in_background(peers, work):
    """Runs work() in a thread until the peers are closed; errors end it."""
    done = threading.Event()

    def loop():
        with contextlib.suppress(OSError):
            while not done.is_set():
                work()
    thread = threading.Thread(target=loop)
    thread.start()
    peers.callback(thread.join)
    peers.callback(done.set)


def silent_peers_do_not_stop_the_service():
    is_answered_behind(lambda peer, peers: None)


def peers_that_stall_after_begin_do_not_stop_the_service():
    is_answered_behind(lambda peer, peers: peer.sendall(fcgi.begin()))


def peers_that_stall_inside_a_variable_do_not_stop_the_service():
    half = fcgi.begin() + fcgi.record(fcgi.PARAMS, fcgi.params(effect_pairs()))[:40]
    is_answered_behind(lambda peer, peers: peer.sendall(half))


def peers_that_stall_in_the_body_do_not_stop_the_service():
    half = whole_head() + fcgi.record(fcgi.STDIN, b"x" * 5)
    is_answered_behind(lambda peer, peers: peer.sendall(half))


def peers_that_send_a_byte_at_a_time_do_not_stop_the_service():
    def trickle(peer, peers):
        rest = bytearray(fcgi.request("/effect", method="POST", body=b"x" * 5000))

        def send_one():
            peer.sendall(bytes([rest.pop(0)]))
            time.sleep(0.2)
        in_background(peers, send_one)
    is_answered_behind(trickle)


def peers_that_never_read_the_answer_do_not_stop_the_service():
    is_answered_behind(lambda peer, peers: peer.sendall(fcgi.request("/big")))


def peers_that_go_on_sending_after_the_answer_do_not_stop_the_service():
    def flood(peer, peers):
        peer.sendall(fcgi.request("/echo"))
        in_background(peers, lambda: peer.sendall(bytes(65536)))
    is_answered_behind(flood)


def one_worker_survives_stalled_peers_too():
    is_answered_behind(lambda peer, peers: peer.sendall(fcgi.begin()), workers=1)


def a_good_request_right_behind_a_stalled_one_is_not_cut_with_it():
    # The deadline of the first peer must end with the first peer.
    with Service(1).start() as service, fcgi.connect(service.socket) as stalled:
        stalled.sendall(fcgi.begin())
        with fcgi.connect(service.socket) as slow:
            raw = fcgi.request("/echo", method="POST", body=b"abc")
            time.sleep(READ_TIMEOUT - 0.1)
            slow.sendall(raw[:20])
            time.sleep(0.5)
            slow.sendall(raw[20:])
            assert fcgi.Answer(fcgi.read_all(slow)).body.endswith("body=abc")


def connections_are_closed_although_the_peer_wants_to_keep_them():
    with Service(1).start() as service, contextlib.ExitStack() as peers:
        for _ in range(3):
            peer = peers.enter_context(fcgi.connect(service.socket))
            started = time.monotonic()
            peer.sendall(fcgi.request("/echo", flags=fcgi.KEEP_CONNECTION))
            answer = fcgi.Answer(fcgi.read_all(peer))  # returns because the worker closes
            # The peer keeps its end open on purpose: the worker must not wait for it to close.
            assert answer.ok
            assert service.answers() and time.monotonic() - started < 0.15


def an_answer_that_comes_before_the_body_was_read_is_not_lost():
    # No length is announced, so the stub answers at once; the peer goes on sending its body.
    with Service(1).start() as service:
        raw = (fcgi.begin() + fcgi.stream(fcgi.PARAMS, fcgi.params(fcgi.variables("/echo")))
               + fcgi.stream(fcgi.STDIN, b"x" * 3000000))
        assert fcgi.exchange(service.socket, raw).ok


def both_entries_of_a_doubled_header_reach_the_gateway():
    with Service(WORKERS).start() as service:
        twins = [("HTTP_X_API_KEY", "one"), ("HTTP_X_API_KEY", "two")]
        assert service.get("/echo", more=twins).fields["keys"] == "2"


def an_announced_length_without_end_costs_a_worker_at_most():
    for length in (0x7fffffff, 768 << 20):
        with Service(WORKERS).start() as service:
            head = fcgi.begin() + fcgi.record(fcgi.PARAMS, b"\x01" + struct.pack(
                "!I", length | 1 << 31) + b"A" + b"v" * 100)
            for _ in range(WORKERS):
                sends_then_closes(head)(service)
            wait_for(service.answers, 5, "the service answers again")
            assert service.process.poll() is None, "the master died"


def management_records_do_not_hurt():
    with Service(WORKERS).start() as service, fcgi.connect(service.socket) as peer:
        names = fcgi.pair("FCGI_MAX_CONNS", "") + fcgi.pair("FCGI_MPXS_CONNS", "")
        peer.sendall(fcgi.record(fcgi.GET_VALUES, names, request=0) + fcgi.request("/echo"))
        answer = fcgi.Answer(fcgi.read_all(peer))
        assert answer.ok and b"FCGI_MPXS_CONNS0" in answer.values, answer.values


def sixty_four_requests_at_once_are_all_answered():
    with Service(WORKERS).start() as service:
        answers = []
        threads = [threading.Thread(target=lambda i=i: answers.append(
            (i, service.get("/sleep?ms=20", method="POST", body=b"%d" % i)))) for i in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 64
        for i, answer in answers:
            assert answer.ok and answer.body.endswith(f"body={i}"), (i, answer.output)


def a_stop_signal_is_never_lost():
    # At ever other moments of a request's life; a lost one would leave the process waiting.
    for i in range(40):
        with Service(0).start() as service:
            with contextlib.suppress(OSError), fcgi.connect(service.socket) as peer:
                peer.sendall(fcgi.request("/echo"))
                time.sleep(i * 0.0001)
                service.process.send_signal(signal.SIGTERM)
                assert fcgi.Answer(fcgi.read_all(peer)).ok, "the request was cut"
            assert service.process.wait(2) == 0


def a_stop_signal_among_the_variables_lets_the_request_finish():
    with Service(1).start() as service, fcgi.connect(service.socket) as peer:
        raw = fcgi.request("/effect", method="POST", body=b"x" * 10)
        peer.sendall(raw[:30])
        time.sleep(0.2)
        worker, = service.workers()
        os.kill(worker, signal.SIGTERM)
        time.sleep(0.2)
        assert is_alive(worker)
        peer.sendall(raw[30:])
        assert fcgi.Answer(fcgi.read_all(peer)).ok and service.effects() == 1
        wait_for(lambda: not is_alive(worker), 2, "the worker leaves")


def a_stop_signal_does_not_wait_longer_than_the_deadline_for_a_stalled_peer():
    with Service(0).start() as service, fcgi.connect(service.socket) as peer:
        peer.sendall(fcgi.begin())
        time.sleep(0.2)
        started = time.monotonic()
        assert service.stop() == 0 and time.monotonic() - started < PATIENCE


TESTS = [
    a_get_is_answered,
    a_post_reaches_the_gateway_with_its_whole_body,
    a_big_answer_arrives_whole,
    a_body_in_many_small_records_is_put_together,
    a_request_cut_between_two_variables_changes_nothing,
    a_request_cut_in_its_body_changes_nothing,
    a_request_aborted_in_its_body_changes_nothing,
    a_request_cut_inside_a_variable_changes_nothing,
    a_body_that_ends_early_changes_nothing,
    a_request_in_another_role_changes_nothing,
    bytes_that_are_no_fastcgi_change_nothing,
    silent_peers_do_not_stop_the_service,
    peers_that_stall_after_begin_do_not_stop_the_service,
    peers_that_stall_inside_a_variable_do_not_stop_the_service,
    peers_that_stall_in_the_body_do_not_stop_the_service,
    peers_that_send_a_byte_at_a_time_do_not_stop_the_service,
    peers_that_never_read_the_answer_do_not_stop_the_service,
    peers_that_go_on_sending_after_the_answer_do_not_stop_the_service,
    one_worker_survives_stalled_peers_too,
    a_good_request_right_behind_a_stalled_one_is_not_cut_with_it,
    connections_are_closed_although_the_peer_wants_to_keep_them,
    an_answer_that_comes_before_the_body_was_read_is_not_lost,
    both_entries_of_a_doubled_header_reach_the_gateway,
    an_announced_length_without_end_costs_a_worker_at_most,
    management_records_do_not_hurt,
    sixty_four_requests_at_once_are_all_answered,
    a_stop_signal_is_never_lost,
    a_stop_signal_among_the_variables_lets_the_request_finish,
    a_stop_signal_does_not_wait_longer_than_the_deadline_for_a_stalled_peer,
]

if __name__ == "__main__":
    raise SystemExit(run(TESTS))
