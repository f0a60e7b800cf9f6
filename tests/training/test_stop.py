"""The first signal asks for a stop, the second one stops at once, and afterwards all is as before."""

import os
import signal
import threading

import pytest

from kfood.errors import Stopped
from kfood.training.stop import stop_on_signals

SIGNALS = [signal.SIGINT, signal.SIGTERM]


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_while_it_is_awaited_the_first_only_asks(number):
    with stop_on_signals() as stop, stop.awaited_here():
        send(number)
        assert stop.requested == number
        with pytest.raises(Stopped) as stopped:
            send(number)
        assert stopped.value.number == number


@pytest.mark.parametrize("number", SIGNALS)
def test_while_it_is_not_awaited_it_stops_at_once(number):
    with stop_on_signals() as stop:
        with stop.awaited_here():
            pass
        with pytest.raises(Stopped):
            send(number)
        assert stop.requested == 0


def test_handlers_are_put_back():
    before = [signal.getsignal(number) for number in SIGNALS]
    with pytest.raises(ZeroDivisionError), stop_on_signals() as stop:
        assert [signal.getsignal(number) for number in SIGNALS] == [stop, stop]
        _ = 1 / 0
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_in_another_thread_nothing_is_handled():
    found = []

    def work():
        with stop_on_signals() as stop:
            found.append((stop.requested, signal.getsignal(signal.SIGTERM)))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(0, before)]
