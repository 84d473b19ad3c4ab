"""Labels out: what reviewers found out, in the forms that other tools read. No sound, and nothing about whose it is.

written = await hand_out(stores, form="nemo", to=folder)     # earmark labels export
"""

from earmark.learn.handing_out.forms import FORMS, Form
from earmark.learn.handing_out.writing import STDOUT, Written, hand_out

__all__ = ["FORMS", "STDOUT", "Form", "Written", "hand_out"]
