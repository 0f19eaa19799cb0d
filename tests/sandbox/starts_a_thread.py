"""A module that no warm process may load: a fork would inherit its thread's locks."""

import threading

threading.Thread(target=threading.Event().wait, daemon=True).start()
