"""The account that a process works under: that of the spool, for good."""

from __future__ import annotations

import os
import pwd

from relay.config import Config
from spooltool.errors import ConfigError, NotPermitted
from spooltool.store.root import become_owner, check_parents


def become(config: Config) -> None:
    """Started as root, take the account of the spool for good; else be its owner already.

    That account is `user`, or the owner of a spool that is there.  Raises NotPermitted,
    Refused or ConfigError.
    """
    path = config.rundir
    if config.user and os.geteuid() == 0:
        try:
            account = pwd.getpwnam(config.user)
        except KeyError as error:
            raise ConfigError(f"user: there is no account {config.user!r}") from error
        if not os.path.isdir(path):
            os.makedirs(path, mode=0o700)
            os.chown(path, account.pw_uid, account.pw_gid)
        if os.stat(path).st_uid != account.pw_uid:
            raise NotPermitted(
                f"{path} does not belong to {config.user}", hint=f"chown -R {config.user} {path}"
            )
        check_parents(path, account.pw_uid)
        os.initgroups(account.pw_name, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    elif os.path.isdir(path):
        become_owner(path)


def become_with_mark(config: Config) -> None:
    """The same for what delivers: where it marks its sockets, the right to that is kept.

    Raises NotPermitted also where there is no such right.
    """
    from relay.delivery.mark import check_mark, keep_right

    if config.mark:
        keep_right(lambda: become(config))
        check_mark(config.mark)
    else:
        become(config)
