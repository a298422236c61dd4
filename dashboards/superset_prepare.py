"""Bring Superset's own database up to date, and its first user: run by Superset's Python, the login on its input.

Not by its commands: those are given a password as an argument, which everybody on the machine can read, and there would
be three of them, each as slow to start as this.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Make or update the tables, roles and the user that the JSON on the input names: username and password."""
    from flask_migrate import upgrade
    from superset.app import create_app

    login = json.load(sys.stdin)
    app = create_app()
    with app.app_context():
        from superset import appbuilder, db, security_manager

        upgrade()
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        user = security_manager.find_user(login["username"])
        if user is None:
            role = security_manager.find_role("Admin")
            address = f"{login['username']}@localhost"
            security_manager.add_user(login["username"], "Beheer", "Vroegsignaal", address, role, login["password"])
        else:
            security_manager.reset_password(user.id, login["password"])
        db.session.commit()


if __name__ == "__main__":
    main()
