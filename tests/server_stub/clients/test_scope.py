from server_stub.clients.scope import ALL, Scope


def test_all_allows_every_client() -> None:
    assert ALL.allows(1)
    assert ALL.allows(10**9)


def test_a_scope_allows_only_its_clients() -> None:
    scope = Scope.of([1, 2])

    assert [client for client in (1, 2, 3) if scope.allows(client)] == [1, 2]


def test_a_scope_of_no_client_allows_nothing() -> None:
    """The last client taken from a limited technician must not open all the others."""
    assert not Scope.of([]).allows(1)


def test_a_scope_within_another_is_what_both_allow() -> None:
    assert Scope.of([1, 2]).within(Scope.of([2, 3])) == Scope.of([2])
    assert Scope.of([1]).within(ALL) == Scope.of([1])
    assert ALL.within(Scope.of([1])) == Scope.of([1])
    assert ALL.within(ALL) == ALL
    assert Scope.of([1]).within(Scope.of([2])) == Scope.of([])
